namespace BoundedCache.LoadService.Control;

internal static class TemporaryAdmin
{
    public static void Map(IEndpointRouteBuilder app, BoundedMemoryCache cache) =>
        app.MapPut("/admin/cache/api/caches/items/limit", async (Body body) =>
        {
            ShrinkReport r = await cache.SetMaxMemoryAsync(body.MaxMemory, Enum.Parse<ReleaseMode>(body.ReleaseMode, ignoreCase: true));
            return new
            {
                entriesEvicted = r.EntriesEvicted,
                evictionMilliseconds = r.EvictionTime.TotalMilliseconds,
                totalMilliseconds = r.TotalTime.TotalMilliseconds,
                gcPauseMilliseconds = r.GcPause.TotalMilliseconds,
                longestGcPauseMilliseconds = r.LongestGcPause.TotalMilliseconds,
                outcome = r.Outcome.ToString(),
                reason = r.Reason,
            };
        });

    internal sealed record Body(long MaxMemory, string ReleaseMode);
}
