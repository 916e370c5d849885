using System.Net.ServerSentEvents;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using BoundedCache.AspNetCore.Caches;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.MemoryReports;
using Microsoft.AspNetCore.Mvc;

namespace BoundedCache.AspNetCore.Json;

/// <summary>
/// The JSON of all requests and answers of the endpoint. It uses no reflection, and does not depend on the
/// application's own JSON settings.
/// </summary>
[JsonSerializable(typeof(CacheListView))]
[JsonSerializable(typeof(CacheView))]
[JsonSerializable(typeof(ContentsView))]
[JsonSerializable(typeof(LimitPreview))]
[JsonSerializable(typeof(ShrinkView))]
[JsonSerializable(typeof(OperationView))]
[JsonSerializable(typeof(RemovalView))]
[JsonSerializable(typeof(HistoryView))]
[JsonSerializable(typeof(SampleView))]
[JsonSerializable(typeof(ServiceView))]
[JsonSerializable(typeof(ChangeView))]
[JsonSerializable(typeof(LimitRequest))]
[JsonSerializable(typeof(ReleaseRequest))]
[JsonSerializable(typeof(CompactRequest))]
[JsonSerializable(typeof(EmptyRequest))]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(MemoryReportView))]
[JsonSerializable(typeof(SseItem<string>))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    MaxDepth = 16)]
internal sealed partial class AdminJsonContext : JsonSerializerContext
{
    /// <summary>
    /// What answers are written with: text as people write it, without escapes such as <c>\u003E</c>. The answers are
    /// JSON of a type that no browser renders.
    /// </summary>
    public static AdminJsonContext Readable => field ??= new AdminJsonContext(
        new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>
/// Enumerations by name, written as properties are. It is set on each property and not in
/// <see cref="AdminJsonContext"/>, so that descriptions which others derive with their own settings (OpenAPI) say the
/// same.
/// </summary>
internal sealed class CamelCaseEnum<T>()
    : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
