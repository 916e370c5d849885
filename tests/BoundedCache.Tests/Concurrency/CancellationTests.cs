using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>SetMaxMemoryAsync cancelled at random moments.</summary>
[Collection(StressTests.Name)]
public class CancellationTests
{
    private const int Entries = 5000;

    [Theory]
    [InlineData(ReleaseMode.None, 300)]
    [InlineData(ReleaseMode.Full, 12)]
    public async Task A_change_of_the_limit_that_is_cancelled_happened_whole_or_not_at_all(ReleaseMode mode, int rounds)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = Entries,
            Sizing = EntrySizing.Declared,
            ReleaseMode = mode,
        });
        for (int round = 0; round < rounds; round++)
        {
            await cache.SetMaxMemoryAsync(Entries);
            for (int i = 0; i < Entries; i++)
            {
                using ICacheEntry entry = cache.CreateEntry(i);
                entry.Value = i;
                entry.Size = 1;
            }

            using var source = new CancellationTokenSource();
            using var start = new Barrier(2);
            int spins = Random.Shared.Next(200_000);
            Task cancelling = Task.Run(() =>
            {
                start.SignalAndWait();
                Thread.SpinWait(spins);
                source.Cancel();
            });
            long limit = Random.Shared.Next(1, Entries);
            start.SignalAndWait();
            Thread.SpinWait(Random.Shared.Next(20_000));
            bool early = source.IsCancellationRequested;
            Task<ShrinkReport> change = cache.SetMaxMemoryAsync(limit, mode, source.Token);

            // Now the limit is the new one. Or the change was cancelled before anything happened; then the task
            // is already cancelled.
            long now = cache.MaxMemory;
            Assert.True(
                now == limit || (change.IsCanceled && now == Entries),
                $"the limit is {now}, was {Entries} and should be {limit}");
            Assert.False(early && now == limit);
            try
            {
                ShrinkReport report = await change;
                Assert.Equal((Entries, limit), (report.OldMaxMemory, report.NewMaxMemory));
                Assert.Equal(Entries - limit, report.EntriesEvicted);
            }
            catch (OperationCanceledException)
            {
                Assert.True(source.IsCancellationRequested);
            }

            Assert.Equal(now, cache.MaxMemory);
            Assert.Equal(now, cache.UsedMemory);
            InvariantChecker.Check(cache.Engine);
            await cancelling;
        }
    }

    [Fact]
    public void Changes_of_the_limit_by_many_at_once_with_cancellation_leave_one_of_the_limits_and_keep_it()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = Entries,
            Sizing = EntrySizing.Declared,
            ReleaseMode = ReleaseMode.None,
        });
        new Crowd()
            .Add("writer", random =>
            {
                using ICacheEntry entry = cache.CreateEntry(random.Next(Entries));
                entry.Value = entry;
                entry.Size = random.Next(1, 3);
            })
            .Add("resizer", 3, _ => random =>
            {
                using var source = new CancellationTokenSource();
                Task<ShrinkReport> change = cache.SetMaxMemoryAsync(random.Next(1, Entries), null, source.Token);
                Thread.SpinWait(random.Next(5000));
                source.Cancel();
                try
                {
                    change.GetAwaiter().GetResult();
                }
                catch (OperationCanceledException)
                {
                }
            })
            .Run(TimeSpan.FromSeconds(1.5));
        InvariantChecker.Check(cache.Engine);
        Assert.InRange(cache.MaxMemory, 1, Entries - 1);
        Assert.InRange(cache.UsedMemory, 0, cache.MaxMemory);
    }
}
