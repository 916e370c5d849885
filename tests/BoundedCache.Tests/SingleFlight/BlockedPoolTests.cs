using BoundedCache.Tests.Sizing;

namespace BoundedCache.Tests.SingleFlight;

/// <summary>Alone, since it takes the pool's threads from all other tests.</summary>
[Collection(HeapTests.Name)]
public sealed class BlockedPoolTests
{
    [Fact]
    public async Task Blocked_pool_threads_do_not_keep_an_asynchronous_factory_from_ending()
    {
        using var test = new CacheUnderTest();
        Task<int>[] blocked = [.. Enumerable.Range(0, 40).Select(i => Task.Run(() => i % 2 == 0
            ? test.Cache.GetOrCreate("key", static _ => 7)
            : test.Cache.GetOrCreateAsync("key", static async _ =>
            {
                for (int step = 0; step < 10; step++)
                {
                    await Task.Yield();
                }

                return 7;
            }).Result))];

        int[] values = await Task.WhenAll(blocked).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.All(values, static value => Assert.Equal(7, value));
    }
}
