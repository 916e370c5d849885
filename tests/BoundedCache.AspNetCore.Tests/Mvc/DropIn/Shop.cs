using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.AspNetCore.Tests.Mvc.DropIn;

/// <summary>
/// A real ASP.NET Core application, listening on loopback, that uses <see cref="IMemoryCache"/> in the ways
/// applications do, and has those parts of the framework that bring a cache along or register one. It does not
/// know which cache it has.
/// </summary>
internal sealed class Shop : IAsyncDisposable
{
    private static readonly TimeSpan s_hung = TimeSpan.FromMinutes(1);

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _evictions = [];
    private CancellationTokenSource _sale = new();
    private int _computed;

    private Shop(Action<IServiceCollection> addCache, bool cacheFirst)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        if (cacheFirst)
        {
            addCache(builder.Services);
        }

        builder.Services.AddControllersWithViews();
        builder.Services.AddResponseCaching();
        builder.Services.AddOutputCache();
        builder.Services.AddDistributedMemoryCache();
        builder.Services.AddSession();
        if (!cacheFirst)
        {
            addCache(builder.Services);
        }

        _app = builder.Build();
        _app.UseSession();
        _app.UseOutputCache();
        Map();
    }

    public IMemoryCache Cache => _app.Services.GetRequiredService<IMemoryCache>();

    public Uri Address => new(_app.Urls.Single());

    public static async Task<Shop> StartAsync(Action<IServiceCollection> addCache, bool cacheFirst)
    {
        var shop = new Shop(addCache, cacheFirst);
        await shop._app.StartAsync();
        return shop;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _sale.Dispose();
    }

    private void Map()
    {
        // A computed value, for a minute.
        _app.MapGet("/price/{id}", (string id, IMemoryCache cache) =>
            cache.GetOrCreateAsync($"price:{id}", async entry =>
            {
                entry.Size = 10;
                entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1);
                entry.RegisterPostEvictionCallback(OnEvicted);
                await Task.Yield();
                return $"{id} costs {Compute()}";
            }));
        _app.MapPut("/price/{id}", (string id, string price, IMemoryCache cache) => cache.Set(
            $"price:{id}",
            $"{id} costs {price}",
            new MemoryCacheEntryOptions { Size = 10, SlidingExpiration = TimeSpan.FromMinutes(1) }
                .RegisterPostEvictionCallback(OnEvicted)));
        _app.MapDelete("/price/{id}", static (string id, IMemoryCache cache) => cache.Remove($"price:{id}"));

        // A part made of another part, which ends with it.
        _app.MapGet("/page", (IMemoryCache cache) => cache.GetOrCreate("page", page =>
        {
            page.Size = 100;
            return "page " + Compute() + ", " + cache.GetOrCreate("sale", sale =>
            {
                sale.Size = 10;
                sale.AddExpirationToken(new CancellationChangeToken(_sale.Token));
                return "sale " + Compute();
            });
        }));
        _app.MapPost("/sale/end", () =>
        {
            using CancellationTokenSource ended = Interlocked.Exchange(ref _sale, new CancellationTokenSource());
            ended.Cancel();
        });

        _app.MapGet("/nothing", (IMemoryCache cache) => cache.GetOrCreate("nothing", entry =>
        {
            entry.Size = 1;
            Compute();
            return (string?)null;
        }) ?? "nothing");
        _app.MapGet("/failing", (IMemoryCache cache) => cache.GetOrCreateAsync("failing", async entry =>
        {
            entry.Size = 1;
            await Task.Yield();
            return Compute() == "0" ? "never" : throw new InvalidTimeZoneException();
        }));
        _app.MapGet("/has/{key}", static (string key, IMemoryCache cache) =>
            cache.TryGetValue(key, out object? value) ? $"{key}: {value ?? "null"}" : $"no {key}");

        // The framework's own caches.
        _app.MapGet("/stored", () => $"stored {Compute()}")
            .CacheOutput(static policy => policy.Expire(TimeSpan.FromDays(1)).SetVaryByQuery("of"));
        _app.MapGet("/visits", static (HttpContext context) =>
        {
            int visits = (context.Session.GetInt32("visits") ?? 0) + 1;
            context.Session.SetInt32("visits", visits);
            return $"visit {visits}";
        });

        _app.MapGet("/statistics", static (IMemoryCache cache) => cache.GetCurrentStatistics() is { } counted
            ? $"{counted.TotalHits} hits, {counted.TotalMisses} misses, {counted.CurrentEntryCount} entries"
            : "none");
        _app.MapGet("/evictions/{count}", EvictionsAsync);
    }

    private string Compute() => Interlocked.Increment(ref _computed).ToString(CultureInfo.InvariantCulture);

    private void OnEvicted(object key, object? value, EvictionReason reason, object? state) =>
        _evictions.Enqueue($"{value}: {reason}");

    /// <summary>The evictions, once there are so many: callbacks run on the thread pool, in any order.</summary>
    private async Task<string> EvictionsAsync(int count)
    {
        using var limit = new CancellationTokenSource(s_hung);
        while (_evictions.Count < count && !limit.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        return string.Join("; ", _evictions.Order(StringComparer.Ordinal));
    }
}
