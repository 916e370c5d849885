using BoundedCache.Engine;

namespace BoundedCache.Tests.Engine;

public sealed class LookupCountsTests
{
    private const int PageBytes = 4096;

    [Fact]
    public void Caches_that_take_turns_on_a_thread_are_told_apart()
    {
        LookupCounts[] caches = [.. Enumerable.Range(0, 40).Select(static _ => new LookupCounts())];
        for (int i = 0; i < caches.Length; i++)
        {
            for (int hit = 0; hit <= i; hit++)
            {
                caches[i].Count(hit: true);
            }

            caches[i].Count(hit: false);
        }

        Assert.Equal(Enumerable.Range(1, 40).Select(static hits => ((long)hits, 1L)), caches.Select(static cache => (cache.Hits, cache.Misses)));
    }

    /// <remarks>More pages than there are cells for: the rest is counted together.</remarks>
    [Fact]
    public void A_thread_may_count_anywhere_on_its_stack()
    {
        const int Pages = 1_500;
        var counts = new LookupCounts();
        var thread = new Thread(() => CountDown(Pages), maxStackSize: 32 << 20);
        thread.Start();
        thread.Join();

        Assert.Equal((Pages, Pages), (counts.Hits, counts.Misses));

        void CountDown(int pages)
        {
            if (pages > 0)
            {
                counts.Count(hit: true);
                Span<byte> below = stackalloc byte[PageBytes];
                below[pages % PageBytes] = 1;
                CountDown(pages - below[pages % PageBytes]);
                counts.Count(hit: false);
            }
        }
    }

    [Fact]
    public void Threads_that_live_at_one_time_have_each_a_cell()
    {
        const int Threads = 60;
        var counts = new LookupCounts();
        using var allAlive = new Barrier(Threads);
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            counts.Count(hit: true);
            allAlive.SignalAndWait();
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());

        Assert.Equal((Threads, Threads), (counts.Pages, counts.Hits));
    }

    [Fact]
    public void Threads_that_follow_each_other_on_one_stack_lose_nothing()
    {
        var counts = new LookupCounts();
        for (int i = 0; i < 100; i++)
        {
            var thread = new Thread(() => counts.Count(hit: true));
            thread.Start();
            thread.Join();
        }

        Assert.Equal((100, 0), (counts.Hits, counts.Misses));
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
