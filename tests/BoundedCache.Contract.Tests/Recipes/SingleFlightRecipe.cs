using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Contract.Tests;

/// <summary>docs/RECIPES.md: one factory a key, groups of keys, values that are disposed.</summary>
public sealed class SingleFlightRecipe
{
    private static int s_loads;

    [Fact]
    public async Task The_class_has_single_flight_and_the_interface_has_not()
    {
        IServiceCollection services = new ServiceCollection();
        // PAGE begins
        services.AddBoundedMemoryCache(options => options.MaxMemory = 512 << 20);
        services.AddSingleton<Prices>();
        // PAGE ends
        using ServiceProvider provider = services.BuildServiceProvider();
        Prices prices = provider.GetRequiredService<Prices>();
        s_loads = 0;
        decimal[] all = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => prices.GetAsync("tea", default).AsTask()));
        Assert.All(all, static price => Assert.Equal(3m, price));
        Assert.Equal(1, s_loads);

        IMemoryCache cache = provider.GetRequiredService<IMemoryCache>();
        Assert.Same(cache, provider.GetRequiredService<BoundedMemoryCache>());
        await Task.WhenAll(Enumerable.Range(0, 20).Select(
            _ => cache.GetOrCreateAsync("coffee", _ => LoadPriceAsync("coffee", default))));
        Assert.Equal(21, s_loads);
    }

    [Fact]
    public void Removing_a_group_needs_no_index()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions());
        cache.Set("user:1:name", "Ann");
        cache.Set("user:1:roles", "reader");
        cache.Set("user:2:name", "Bob");
        // PAGE begins
        int removed = cache.RemoveWhere(
            key => key is string text && text.StartsWith("user:1:", StringComparison.Ordinal));
        // PAGE ends
        Assert.Equal((2, 1), (removed, cache.Count));
    }

    [Fact]
    public void An_index_kept_by_callbacks_looks_before_it_forgets()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions());
        var index = new ConcurrentDictionary<object, byte>();
        // PAGE begins
        void Add(string key, object value)
        {
            using ICacheEntry entry = cache.CreateEntry(key);
            entry.Value = value;
            entry.RegisterPostEvictionCallback((evicted, _, _, _) =>
            {
                // The callback comes late: the key may have been stored again since.
                if (!cache.TryGetValue(evicted, out _))
                {
                    index.TryRemove(evicted, out _);
                }
            });
            index[key] = 0;
        }
        // PAGE ends
        for (int i = 0; i < 1000; i++)
        {
            Add($"key {i % 10}", i);
        }

        Assert.True(cache.WaitForCallbacks(TimeSpan.FromSeconds(30)));
        Assert.Equal(cache.Keys.ToHashSet(), index.Keys.ToHashSet());
        cache.Remove("key 3");
        Assert.True(cache.WaitForCallbacks(TimeSpan.FromSeconds(30)));
        Assert.Equal(9, index.Count);
        Assert.Equal(cache.Keys.ToHashSet(), index.Keys.ToHashSet());
    }

    [Fact]
    public void Values_are_disposed()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions());
        using var font = new MemoryStream();
        // PAGE begins
        cache.Set("font", font, new MemoryCacheEntryOptions().DisposeValueOnRemoval());
        // PAGE ends
        cache.Remove("font");
        Assert.True(cache.WaitForCallbacks(TimeSpan.FromSeconds(30)));
        Assert.False(font.CanRead);
    }

    private static async Task<decimal> LoadPriceAsync(string product, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref s_loads);
        await Task.Delay(100, cancellationToken);
        return product.Length;
    }

    // PAGE begins
    public sealed class Prices(BoundedMemoryCache cache)
    {
        public ValueTask<decimal> GetAsync(string product, CancellationToken cancellationToken) =>
            cache.GetOrCreateAsync(
                $"price:{product}",
                async (entry, token) =>
                {
                    entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(5);
                    return await LoadPriceAsync(product, token);   // cancelled when nobody waits any more
                },
                cancellationToken);
    }
    // PAGE ends
}
