using BoundedCache.LoadService.Peers;

namespace BoundedCache.LoadService.Items;

/// <summary>Items by number, read through the cache.</summary>
internal static class ItemEndpoints
{
    public static void MapItems(this IEndpointRouteBuilder app, IItemCache cache, ItemTraffic traffic, long items)
    {
        app.MapGet("/items/{id:long:min(0)}", (long id) => GetAsync(id));

        // For clients that ask for one address only.
        app.MapGet("/items/random", () => GetAsync(Random.Shared.NextInt64(items)));

        async Task<IResult> GetAsync(long id)
        {
            string key = ItemSource.Key(id);
            byte[]? item = await cache.GetAsync(key);
            traffic.Add(item is not null);
            if (item is null)
            {
                item = ItemSource.Make(id);
                if (traffic.Stores)
                {
                    await cache.SetAsync(key, item);
                }
            }

            return Results.Bytes(item);
        }
    }
}
