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
