using System.Reflection;
using System.Text.Json.Serialization;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Json;
using BoundedCache.Pacing;
using BoundedCache.Process;
using Microsoft.Extensions.Hosting;

namespace BoundedCache.AspNetCore.Caches;

/// <summary>All caches, their process, and what may be done to them.</summary>
/// <remarks>
/// <para><c>CanChange</c>: Whether the sender of the request may change anything.</para>
/// <para><c>Advice</c>: Why this process may not hold the limits of its caches; null where nothing says so.</para>
/// </remarks>
internal sealed record CacheListView(
    IReadOnlyList<CacheView> Caches,
    ProcessMemorySnapshot Process,
    LimitBounds Limits,
    bool CanChange,
    double SampleIntervalMilliseconds,
    ServiceView Service,
    RoomView Room,
    string? Advice);

/// <summary>The run of the service that answers. Figures of two runs must not be mixed.</summary>
/// <remarks>
/// <para><c>Instance</c>: Identifies this run; every answer has it as the header <c>BoundedCache-Instance</c>.</para>
/// <para><c>Version</c>: The version of the application's main assembly; null where it has none.</para>
/// <para><c>Started</c>: When the process started.</para>
/// </remarks>
internal sealed record ServiceView(
    string Instance, string Name, string? Version, string Machine, int ProcessId, DateTimeOffset Started)
{
    public static ServiceView From(IHostEnvironment? environment)
    {
        string? version = Assembly.GetEntryAssembly()
            ?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return new ServiceView(
            Guid.NewGuid().ToString("N")[..16],
            environment?.ApplicationName ?? process.ProcessName,
            version,
            Environment.MachineName,
            process.Id,
            process.StartTime.ToUniversalTime());
    }
}

/// <summary>What bounds the memory of the process, in bytes; null for what is not there or not known.</summary>
/// <remarks>
/// <para><c>ContainerBytes</c>: The limit of the container. The kernel ends a process that needs more.</para>
/// <para><c>HeapLimitBytes</c>: The hard limit of the managed heap.</para>
/// <para><c>MachineBytes</c>: The memory of the machine.</para>
/// <para><c>Tightest</c>: Of the limits of containers and the machine the one of which the largest part is used.</para>
/// </remarks>
internal sealed record RoomView(
    long? ContainerBytes, long? HeapLimitBytes, long? MachineBytes, LimitUseView? Tightest)
{
    public static RoomView Read(ProcessMemory memory)
    {
        HeapRoom room = HeapRoom.Read(memory) ?? default;
        MemoryUse tightest = new PressureReader(memory).Read(creditedBytes: 0, cameBytes: 0, withMachine: true)
            .Where(static use => !use.IsOfHeap && use.LimitBytes > 0)
            .OrderByDescending(static use => use.UsedBytes / (double)use.LimitBytes)
            .FirstOrDefault();
        return new RoomView(
            room.ContainerBytes,
            room.HeapLimitBytes == 0 ? null : room.HeapLimitBytes,
            room.MachineBytes,
            tightest.LimitBytes == 0
                ? null
                : new LimitUseView(tightest.Kind, tightest.LimitBytes, tightest.UsedBytes));
    }
}

/// <summary>A limit, and what all processes under it use, in bytes.</summary>
/// <remarks>
/// <c>LimitBytes</c>: Of a container its limit, or <c>memory.high</c>, above which the kernel slows processes down.
/// </remarks>
internal sealed record LimitUseView(
    [property: JsonConverter(typeof(CamelCaseEnum<MemoryPressureKind>))] MemoryPressureKind Kind,
    long LimitBytes,
    long UsedBytes);

/// <summary>The limits that may be set, in bytes.</summary>
/// <remarks><c>MaximumBytes</c>: Null for no maximum.</remarks>
internal sealed record LimitBounds(long MinimumBytes, long? MaximumBytes);

/// <summary>One cache as the API shows it: amounts in bytes, no contents.</summary>
/// <remarks>
/// <para>
/// <c>IsByteCache</c>: Whether it keeps bytes in native memory. It gives memory back at once, without a garbage
/// collection, whatever the release mode.
/// </para>
/// <para><c>HitRatio</c>: Hits per counted lookup, from 0 to 1; null if no lookups were counted.</para>
/// <para><c>Refused</c>: Entries that were not stored: larger than the limit, or expired already.</para>
/// <para><c>EffectiveMaxBytes</c>: The limit that holds now; less than <c>MaxBytes</c> under memory pressure.</para>
/// <para><c>Pressure</c>: Why the limit that holds is less than <c>MaxBytes</c>; null where it is not.</para>
/// <para><c>LastShrink</c>: The last time that the limit was lowered or memory was released; null for never.</para>
/// <para><c>LastReport</c>: The newest report of any kind, also on a raised limit; null for none.</para>
/// </remarks>
internal sealed record CacheView(
    string Name,
    bool IsByteCache,
    [property: JsonConverter(typeof(CamelCaseEnum<EntrySizing>))] EntrySizing Sizing,
    [property: JsonConverter(typeof(CamelCaseEnum<EvictionPolicy>))] EvictionPolicy EvictionPolicy,
    long MaxBytes,
    long EffectiveMaxBytes,
    long UsedBytes,
    int Count,
    long? Hits,
    long? Misses,
    double? HitRatio,
    long Insertions,
    EvictionTotals Evictions,
    long Refused,
    long TableBytes,
    PressureView? Pressure,
    ShrinkView? LastShrink,
    ShrinkView? LastReport)
{
    public static CacheView From(
        CacheSnapshot cache, bool isByteCache, ShrinkView? lastShrink, ShrinkView? lastReport) => new(
        cache.Name,
        isByteCache,
        cache.Sizing,
        cache.EvictionPolicy,
        cache.MaxMemory,
        cache.EffectiveMaxMemory,
        cache.UsedMemory,
        cache.Count,
        cache.Hits,
        cache.Misses,
        cache.HitRatio is { } ratio ? Math.Round(ratio, 4) : null,
        cache.Insertions,
        cache.Evictions,
        cache.Refused,
        cache.TableBytes,
        cache.Pressure is { } pressure ? PressureView.From(pressure) : null,
        lastShrink,
        lastReport);
}

/// <summary>Why a cache has less than its limit: how much it yields, since when, and before which limit.</summary>
internal sealed record PressureView(
    [property: JsonConverter(typeof(CamelCaseEnum<MemoryPressureKind>))] MemoryPressureKind Kind,
    long LimitBytes,
    long UsedBytes,
    long YieldedBytes,
    DateTimeOffset Since,
    bool IsStopped,
    string Text)
{
    public static PressureView From(CachePressure pressure) => new(
        pressure.Kind,
        pressure.LimitBytes,
        pressure.UsedBytes,
        pressure.YieldedBytes,
        pressure.Since,
        pressure.IsStopped,
        pressure.ToString());
}

/// <summary>
/// What a limit would evict if it were set now. An estimate: it assumes entries of equal size, and the cache keeps
/// working meanwhile.
/// </summary>
/// <remarks><c>Sizing</c>: How the cache counts; with declared sizes no amount here is bytes.</remarks>
internal sealed record LimitPreview(
    string CacheName,
    [property: JsonConverter(typeof(CamelCaseEnum<EntrySizing>))] EntrySizing Sizing,
    long OldMaxBytes,
    long NewMaxBytes,
    long UsedBytes,
    long EntriesToEvict,
    long BytesToEvict)
{
    /// <summary>Whether the cache gives memory back at once, whatever the release mode.</summary>
    public bool IsByteCache { get; init; }

    /// <summary>Why this process could not hold such a limit, and what to do; null where it could.</summary>
    public string? Advice { get; init; }

    public static LimitPreview Create(CacheSnapshot cache, long newMaxBytes)
    {
        long bytes = Math.Max(0, cache.UsedMemory - newMaxBytes);
        long entries = bytes == 0 ? 0 : Math.Clamp(
            (long)Math.Ceiling((double)bytes / cache.UsedMemory * cache.Count), 1, Math.Max(1, cache.Count));
        return new LimitPreview(
            cache.Name, cache.Sizing, cache.MaxMemory, newMaxBytes, cache.UsedMemory, entries, bytes);
    }
}
