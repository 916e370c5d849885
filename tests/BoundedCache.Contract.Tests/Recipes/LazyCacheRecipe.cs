using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>docs/RECIPES.md: a <see cref="Lazy{T}"/> is stored, whose factory sets when the entry expires.</summary>
public sealed class LazyCacheRecipe
{
    [Fact]
    public void The_factory_runs_once_after_the_entry_was_stored_and_its_expiration_applies()
    {
        var time = new ManualTimeProvider();
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { TimeProvider = time });
        int loads = 0;

        // PAGE begins
        T GetOrAdd<T>(string key, Func<ICacheEntry, T> factory) =>
            cache.GetOrCreate(key, entry => new Lazy<T>(() => factory(entry)))!.Value;

        byte[] GetLogo() => GetOrAdd("logo", entry =>
        {
            entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1);
            return LoadLogo();
        });
        // PAGE ends
        Assert.Same(GetLogo(), GetLogo());
        Assert.Equal(1, loads);
        Assert.True(
            SpinWait.SpinUntil(() => cache.UsedMemory > 50_000, TimeSpan.FromSeconds(30)),
            $"{cache.UsedMemory} bytes are charged for a value of 50,000");
        time.Advance(TimeSpan.FromMinutes(1));
        GetLogo();
        Assert.Equal(2, loads);

        byte[] LoadLogo()
        {
            loads++;
            return new byte[50_000];
        }
    }
}
