using System.Globalization;
using BoundedCache.AspNetCore.Caches;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BoundedCache.AspNetCore.History;

/// <summary>The past: samples, shrinks, and who changed what.</summary>
internal sealed class HistoryEndpoint(
    Sampler sampler,
    ShrinkHistory shrinks,
    ChangeHistory changes,
    ServiceView service,
    BoundedCacheAdminOptions options)
{
    /// <param name="since">
    /// A time, usually that of the last sample the client has. What was recorded at that very time is sent too: it may
    /// have come after the sample.
    /// </param>
    public Results<JsonHttpResult<HistoryView>, Problem> Get(string? since)
    {
        DateTimeOffset after = DateTimeOffset.MinValue;

        // In a query, '+' means a space: a client that did not encode the offset's sign still means it.
        if (since is not null && !DateTimeOffset.TryParse(
            since.Replace(' ', '+'),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out after))
        {
            return Problems.Create(
                StatusCodes.Status400BadRequest,
                "since: expected a time as samples have it (2026-01-31T20:34:21.5Z), or to leave it out, "
                    + $"got '{Problems.Echo(since)}'.",
                "Not a time");
        }

        return TypedResults.Json(
            new HistoryView(
                options.SampleInterval.TotalMilliseconds,
                service,
                sampler.After(after),
                [.. shrinks.Views.Where(shrink => shrink.Recorded >= after)],
                [.. changes.Views.Where(change => change.Ended is null || change.Ended >= after)]),
            AdminJsonContext.Readable.HistoryView);
    }
}

/// <summary>The samples, shrinks and changes after a moment, oldest first.</summary>
/// <remarks>
/// <c>Samples</c>: The newest are <c>IntervalMilliseconds</c> apart, older ones a minute, the oldest ten minutes. Of
/// those the one with the highest RSS in each span is kept.
/// </remarks>
internal sealed record HistoryView(
    double IntervalMilliseconds,
    ServiceView Service,
    IReadOnlyList<SampleView> Samples,
    IReadOnlyList<ShrinkView> Shrinks,
    IReadOnlyList<ChangeView> Changes);

/// <summary>The process and its caches at one moment, in bytes.</summary>
/// <remarks><c>ResidentBytes</c>: Null where the operating system does not tell it.</remarks>
internal sealed record SampleView(
    DateTimeOffset Time, long? ResidentBytes, long CommittedBytes, long LiveBytes, IReadOnlyList<CacheSample> Caches)
{
    public static SampleView From(
        DateTimeOffset time, ProcessMemorySnapshot process, IReadOnlyList<CacheSample> caches) => new(
        time,
        process.IsResidentUnknown ? null : process.ResidentBytes,
        process.CommittedBytes,
        process.LiveBytes,
        caches);
}

/// <summary>One cache at that moment.</summary>
/// <remarks>
/// <para>
/// <c>HitRatio</c>: Hits per lookup since the previous sample, from 0 to 1; null if there were no lookups, or if
/// they are not counted.
/// </para>
/// <para><c>Hits</c>, <c>Misses</c>: Since the cache was made; null if they are not counted.</para>
/// <para><c>Evicted</c>: Entries evicted for room or by a lower limit since the cache was made.</para>
/// </remarks>
internal sealed record CacheSample(
    string Name,
    long UsedBytes,
    long MaxBytes,
    long EffectiveMaxBytes,
    int Count,
    double? HitRatio,
    long? Hits,
    long? Misses,
    long Evicted);
