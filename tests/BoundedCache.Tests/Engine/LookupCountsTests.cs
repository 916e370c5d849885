using BoundedCache.Engine;

namespace BoundedCache.Tests.Engine;

public sealed class LookupCountsTests
{
    [Fact]
    public void Caches_that_take_turns_on_a_thread_are_told_apart()
    {
        LookupCounts[] caches = [.. Enumerable.Range(0, 40).Select(static _ => new LookupCounts())];
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < caches.Length; i++)
            {
                Enumerable.Range(0, i + 1).ToList().ForEach(_ => caches[i].Count(hit: true));
                caches[i].Count(hit: false);
            }
        }

        Assert.Equal(Enumerable.Range(1, 40).Select(static hits => (3L * hits, 3L)), caches.Select(static cache => (cache.Hits, cache.Misses)));
    }

    [Fact]
    public void Threads_that_count_at_once_lose_nothing()
    {
        var counts = new LookupCounts();
        var other = new LookupCounts();
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 100_000; i++)
            {
                counts.Count(i % 4 != 0);
                other.Count(hit: true);
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());

        Assert.Equal((600_000, 200_000, 800_000), (counts.Hits, counts.Misses, other.Hits));
    }
}
