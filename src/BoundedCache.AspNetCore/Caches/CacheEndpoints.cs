using BoundedCache.AspNetCore.Access;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Json;
using BoundedCache.Process;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BoundedCache.AspNetCore.Caches;

/// <summary>The endpoints that show caches.</summary>
internal sealed class CacheEndpoints(
    CacheDirectory caches,
    ShrinkHistory shrinks,
    AccessGate gate,
    ServiceView service,
    BoundedCacheAdminOptions options)
{
    public async Task<JsonHttpResult<CacheListView>> ListAsync(HttpContext context) => TypedResults.Json(
        new CacheListView(
            [.. caches.All.Select(View)],
            ProcessMemorySnapshot.Take(),
            new LimitBounds(options.MinimumLimit, options.MaximumLimit),
            await gate.CanChangeAsync(context),
            options.SampleInterval.TotalMilliseconds,
            service,
            RoomView.Read(ProcessMemory.Shared),
            Advice(caches.All)),
        AdminJsonContext.Readable.CacheListView);

    public Results<JsonHttpResult<CacheView>, Problem> Get(string name, HttpContext context) =>
        caches.Refuse(context, name, out IBoundedCache cache) is { } refusal
            ? refusal
            : TypedResults.Json(View(cache), AdminJsonContext.Readable.CacheView);

    public Results<JsonHttpResult<LimitPreview>, Problem> Preview(
        string name, string? maxMemory, HttpContext context)
    {
        if (caches.Refuse(context, name, out IBoundedCache cache) is { } unknown)
        {
            return unknown;
        }

        return LimitText.Refuse(maxMemory, options, out long bytes) is { } refusal
            ? refusal
            : TypedResults.Json(
                LimitPreview.Create(cache.GetSnapshot(), bytes) with
                {
                    IsByteCache = cache is BoundedByteCache,
                    Advice = MemoryReport.CheckLimit(cache, bytes)?.ToString(),
                },
                AdminJsonContext.Readable.LimitPreview);
    }

    /// <summary>The limits of all caches are judged together, so one cache that counts bytes stands for all.</summary>
    private static string? Advice(IReadOnlyList<IBoundedCache> all) =>
        all.FirstOrDefault(static cache => cache.GetSnapshot().Sizing == EntrySizing.Measured) is { } any
            ? MemoryReport.CheckLimit(any, any.MaxMemory)?.ToString()
            : null;

    private CacheView View(IBoundedCache cache)
    {
        CacheSnapshot snapshot = cache.GetSnapshot();
        ShrinkView? last = snapshot.LastReport is { } report ? shrinks.Note(report) : null;
        return CacheView.From(
            snapshot, cache is BoundedByteCache, last, shrinks.Newest(snapshot.Name, snapshot.LastReport));
    }
}
