using BoundedCache.Engine;

namespace BoundedCache.Tests.Engine;

public sealed class LookupCountsTests
{
    private const int PageBytes = 4096;

    private readonly TouchLog _touches = new();
    private readonly LookupCounts _counts;

    public LookupCountsTests()
    {
        _counts = new LookupCounts(_touches);
        _counts.Start();
    }

    [Fact]
    public void Caches_that_take_turns_on_a_thread_are_told_apart()
    {
        LookupCounts[] caches = [.. Enumerable.Range(0, 40).Select(static _ => new LookupCounts(new TouchLog()))];
        for (int i = 0; i < caches.Length; i++)
        {
            for (int miss = 0; miss <= i; miss++)
            {
                caches[i].CountMiss();
            }
        }

        Assert.Equal(
            Enumerable.Range(1, 40).Select(static misses => (long)misses), caches.Select(static cache => cache.Misses));
    }

    /// <remarks>More pages than cells: the rest is counted together.</remarks>
    [Fact]
    public void A_thread_may_count_anywhere_on_its_stack()
    {
        const int Pages = 1_500;
        var thread = new Thread(() => CountDown(Pages), maxStackSize: 32 << 20);
        thread.Start();
        thread.Join();

        Assert.Equal(2 * Pages, _counts.Misses);

        void CountDown(int pages)
        {
            if (pages > 0)
            {
                _counts.CountMiss();
                Span<byte> below = stackalloc byte[PageBytes];
                below[pages % PageBytes] = 1;
                CountDown(pages - below[pages % PageBytes]);
                _counts.CountMiss();
            }
        }
    }

    [Fact]
    public void Threads_that_live_at_one_time_have_each_a_cell()
    {
        const int Threads = 60;
        LiveAtOneTime(Threads, _counts.CountMiss);

        Assert.Equal((Threads, Threads), (_counts.Pages, _counts.Misses));
    }

    /// <remarks>More threads than buffers of touches.</remarks>
    [Fact]
    public void A_use_by_any_of_many_threads_is_a_hit()
    {
        const int Threads = 1_100;
        LiveAtOneTime(Threads, Hit);

        Assert.Equal(Threads, _counts.Hits);
    }

    [Fact]
    public void Threads_that_follow_each_other_on_one_stack_lose_nothing()
    {
        for (int i = 0; i < 100; i++)
        {
            var thread = new Thread(() =>
            {
                Hit();
                Hit();
                _counts.CountMiss();
            });
            thread.Start();
            thread.Join();
        }

        Assert.Equal((200, 100), (_counts.Hits, _counts.Misses));
    }

    /// <remarks>The touches are never applied, so nearly all of them find no room.</remarks>
    [Fact]
    public void Threads_that_count_at_once_lose_nothing()
    {
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 100_000; i++)
            {
                if (i % 4 != 0)
                {
                    Hit();
                }
                else
                {
                    _counts.CountMiss();
                }
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());

        Assert.Equal((600_000, 200_000), (_counts.Hits, _counts.Misses));
        Assert.True(_touches.LostTouches > 500_000);
    }

    [Fact]
    public void Hits_count_only_between_start_and_stop()
    {
        var counts = new LookupCounts(_touches);
        Hit();
        Assert.Equal(0, counts.Hits);

        counts.Start();
        Hit();
        counts.Start();
        Hit();
        Assert.Equal(2, counts.Hits);

        counts.Stop();
        Hit();
        counts.Stop();
        Assert.Equal(2, counts.Hits);

        counts.Start();
        Hit();
        Assert.Equal((3, 5), (counts.Hits, _counts.Hits));
    }

    private static void LiveAtOneTime(int threads, Action action)
    {
        using var allAlive = new Barrier(threads);
        Thread[] all = [.. Enumerable.Range(0, threads).Select(_ => new Thread(
            () =>
            {
                action();
                allAlive.SignalAndWait();
            },
            maxStackSize: 256 << 10))];
        Array.ForEach(all, static thread => thread.Start());
        Array.ForEach(all, static thread => thread.Join());
    }

    private void Hit() => _touches.Add(1, _touches.Begin);
}
