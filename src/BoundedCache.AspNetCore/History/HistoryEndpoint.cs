using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BoundedCache.AspNetCore.History;

/// <summary>The recent past: samples and shrinks.</summary>
internal sealed class HistoryEndpoint(Sampler sampler, ShrinkHistory shrinks, BoundedCacheAdminOptions options)
{
    public JsonHttpResult<HistoryView> Get() => TypedResults.Json(
        new HistoryView(options.SampleInterval.TotalMilliseconds, sampler.Samples, shrinks.Views),
        AdminJsonContext.Default.HistoryView);
}

/// <summary>The last samples and the last shrinks and releases, oldest first.</summary>
internal sealed record HistoryView(
    double IntervalMilliseconds, IReadOnlyList<SampleView> Samples, IReadOnlyList<ShrinkView> Shrinks);

/// <summary>The process and its caches at one moment, in bytes.</summary>
internal sealed record SampleView(
    DateTimeOffset Time, long ResidentBytes, long CommittedBytes, long LiveBytes, IReadOnlyList<CacheSample> Caches);

/// <summary>One cache at that moment.</summary>
/// <remarks>
/// <c>HitRatio</c>: Hits per lookup since the previous sample, from 0 to 1; null if there were no lookups, or if
/// they are not counted.
/// </remarks>
internal sealed record CacheSample(string Name, long UsedBytes, long MaxBytes, int Count, double? HitRatio);
