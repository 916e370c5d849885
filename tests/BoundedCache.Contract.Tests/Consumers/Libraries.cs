using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// A library that counts entries: it says <c>Size = 1</c> of everything, and expects a limit in entries.
/// </summary>
internal sealed class PageStore(IMemoryCache cache)
{
    public int Rendered { get; private set; }

    public string Page(int number)
    {
        if (!cache.TryGetValue((nameof(PageStore), number), out string? page))
        {
            page = new string((char)('a' + (number % 26)), 1000);
            Rendered++;
            cache.Set(
                (nameof(PageStore), number),
                page,
                new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = TimeSpan.FromMinutes(5) });
        }

        return page!;
    }
}

/// <summary>A library that was never told of sizes.</summary>
internal sealed class UserStore(IMemoryCache cache)
{
    public int Loaded { get; private set; }

    public async Task<string[]> RolesAsync(string user) => (await cache.GetOrCreateAsync($"roles:{user}", async entry =>
    {
        await Task.Yield();
        entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(5);
        Loaded++;
        return new[] { $"{user} reads", $"{user} writes" };
    }))!;

    public void Forget(string user) => cache.Remove($"roles:{user}");
}
