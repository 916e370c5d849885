using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>Walks over all entries, and shrinks and writers beside them.</summary>
public sealed class ByteWalkTests
{
    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void A_lower_limit_evicts_no_more_than_it_must_beside_walks(EvictionPolicy policy)
    {
        using BoundedByteCache cache = Make(64 * MiB, policy: policy);
        for (int i = 0; cache.UsedMemory < 60 * MiB; i++)
        {
            cache.Set($"key{i}", Value(i, 100));
        }

        using var stop = new CancellationTokenSource();
        using var areWalking = new CountdownEvent(2);
        Thread[] walkers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            areWalking.Signal();
            while (!stop.IsCancellationRequested)
            {
                cache.RemoveByPrefix("other");
            }
        }))];
        Array.ForEach(walkers, static walker => walker.Start());
        areWalking.Wait();

        cache.MaxMemory = 8 * MiB;

        stop.Cancel();
        Array.ForEach(walkers, static walker => walker.Join());
        Assert.InRange(cache.UsedMemory, 7.5 * MiB, 8 * MiB);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_walk_finds_all_entries_that_stay_while_others_leave_and_slots_move()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            using BoundedByteCache cache = Make(64 * MiB);
            var random = new Random(seed);
            string[] keys = [.. Enumerable.Range(0, 40_000).Select(i => (random.Next(8) == 0 ? "a" : "b") + i)];
            foreach (string key in keys)
            {
                Assert.True(cache.Set(key, [1, 2, 3]));
            }

            var remover = new Thread(() =>
            {
                foreach (string key in keys.Where(static key => key[0] == 'b'))
                {
                    cache.Remove(key);
                }
            });
            remover.Start();
            int removed = cache.RemoveByPrefix("a");

            Assert.Equal(keys.Count(static key => key[0] == 'a'), removed);
            remover.Join();
            Assert.Equal(0, cache.Count);
            cache.Engine.CheckInvariants();
        }
    }

    [Theory]
    [InlineData("clear", 100)]
    [InlineData("clear", 200_000)]
    [InlineData("compact", 100)]
    [InlineData("shrink", 200_000)]
    [InlineData("release", 200_000)]
    public async Task It_ends_while_others_write(string what, int length)
    {
        using BoundedByteCache cache = Make(64 * MiB);
        using var stop = new CancellationTokenSource();
        using var areWriting = new CountdownEvent(8);
        Thread[] writers = [.. Enumerable.Range(0, 8).Select(writer => new Thread(() =>
        {
            byte[] value = new byte[length];
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                cache.Set($"{writer} {i % 1_000}", value);
                if (i == 100)
                {
                    areWriting.Signal();
                }
            }
        }))];
        Array.ForEach(writers, static writer => writer.Start());
        areWriting.Wait();

        Task call = Task.Factory.StartNew(
            () =>
            {
                switch (what)
                {
                    case "clear":
                        cache.Clear();
                        break;
                    case "compact":
                        cache.Compact(double.PositiveInfinity);
                        break;
                    case "shrink":
                        cache.MaxMemory = 32 * MiB;
                        break;
                    default:
                        cache.Engine.GiveBack(all: true);
                        break;
                }
            },
            TaskCreationOptions.LongRunning);
        Task first = await Task.WhenAny(call, Task.Delay(TimeSpan.FromMinutes(3)));
        await stop.CancelAsync();
        Array.ForEach(writers, static writer => writer.Join());
        await call;

        Assert.Same(call, first);
        Assert.True(cache.UsedMemory <= cache.MaxMemory);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_write_that_evicts_much_lets_others_in()
    {
        var pages = new FakePages();
        using BoundedByteCache cache = Make(64 * MiB, pages: pages);
        for (int i = 0; cache.UsedMemory < 60 * MiB; i++)
        {
            cache.Set($"key{i}", Value(i, 1_000));
        }

        // As in the middle of a shrink: the limit is low, and nothing was evicted for it yet.
        cache.Engine.SetLimit(8 * MiB);
        int seen = 0;
        var other = new Thread(() =>
        {
            using (cache.Engine.Lock.Enter())
            {
                seen = cache.Count;
            }
        });
        pages.OnGiveBack = () =>
        {
            pages.OnGiveBack = null;
            other.Start();
            Assert.True(SpinWait.SpinUntil(() => cache.Engine.Lock.Waiting > 0, TimeSpan.FromSeconds(30)));
        };

        Assert.True(cache.Set("new", Value(1, 5_000)));

        int left = cache.Count;
        other.Join();
        Assert.True(seen > left, $"it saw {seen} entries, and {left} are left");
        Assert.Equal(Value(1, 5_000), cache.Get("new"));
        cache.Engine.CheckInvariants();
    }
}
