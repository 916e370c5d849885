using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.AspNetCore.Tests.Support;

/// <summary>
/// Change tokens whose registrations are let go of by whoever evicts their entries, which blocks until the test has
/// seen it: a shrink that lasts as long as a test wants.
/// </summary>
internal sealed class BlockingTokens : IDisposable
{
    private readonly SemaphoreSlim _running = new(0);
    private readonly ManualResetEventSlim _go = new();

    /// <summary>Stores entries that block, the first one to be evicted first.</summary>
    public void Fill(BoundedMemoryCache cache, int entries)
    {
        for (int i = 0; i < entries; i++)
        {
            cache.Set(
                $"blocks {i:00}", new byte[1000], new MemoryCacheEntryOptions().AddExpirationToken(new Token(this)));
        }
    }

    /// <summary>Waits until one more eviction blocks.</summary>
    public async Task WaitUntilBlockedAsync() => Assert.True(await _running.WaitAsync(TimeSpan.FromMinutes(5)));

    public void Release() => _go.Set();

    /// <summary>Lets all go; the events themselves may still be in use.</summary>
    public void Dispose() => Release();

    private sealed class Token(BlockingTokens owner) : IChangeToken, IDisposable
    {
        public bool HasChanged => false;

        public bool ActiveChangeCallbacks => true;

        public IDisposable RegisterChangeCallback(Action<object?> callback, object? state) => this;

        public void Dispose()
        {
            owner._running.Release();
            owner._go.Wait(TimeSpan.FromMinutes(5));
        }
    }
}
