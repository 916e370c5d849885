using System.Text.Json.Serialization;
using BoundedCache.AspNetCore.Json;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>A change that takes time, as it stands.</summary>
/// <remarks>
/// <para><c>UsedBytes</c>: Accounted bytes of the cache now.</para>
/// <para><c>MaxBytes</c>: The limit of the cache now.</para>
/// <para><c>ResidentBytes</c>: Physical memory of the process now.</para>
/// <para><c>Report</c>: What it did; null until it is completed.</para>
/// <para><c>Error</c>: Why it failed; null unless it did.</para>
/// </remarks>
internal sealed record OperationView(
    string Id,
    string CacheName,
    [property: JsonConverter(typeof(CamelCaseEnum<OperationKind>))] OperationKind Kind,
    [property: JsonConverter(typeof(CamelCaseEnum<OperationState>))] OperationState State,
    DateTimeOffset Started,
    long UsedBytes,
    long MaxBytes,
    long ResidentBytes,
    ShrinkView? Report,
    string? Error);

/// <summary>What an operation was asked to do.</summary>
internal enum OperationKind
{
    SetLimit,
    Release,
}

/// <summary>How far an operation is.</summary>
internal enum OperationState
{
    /// <summary>The new limit is in force, and entries above it are being evicted.</summary>
    Evicting,

    /// <summary>Memory is being given back, or waits for another release to end.</summary>
    Releasing,

    Completed,

    Failed,
}
