using BoundedCache.Examples.Tests.ShrinkDemo.Support;
using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Workloads;

public class GeneratedEntriesTests
{
    [Fact]
    public void Every_entry_is_written_once_and_progress_ends_at_the_whole()
    {
        var cache = new FakeCache();
        var ledger = new AccessLedger(cache);
        WorkProgress last = default;

        new GeneratedEntries("key", 5000, 32).Run(ledger, progress => last = progress, CancellationToken.None);

        Assert.Equal(5000, cache.Count);
        Assert.Equal(5000, ledger.Writes);
        Assert.Equal(new WorkProgress(5000, 1), last);
        Assert.True(cache.TryGet("key:00004999", out byte[]? value));
        Assert.True(StampedValue.Matches(value, 4999));
    }

    [Fact]
    public void Probes_match_what_was_written()
    {
        var entries = new GeneratedEntries("key", 5000, 32);
        var ledger = new AccessLedger(new FakeCache());
        entries.Run(ledger, _ => { }, CancellationToken.None);

        Assert.All(entries.Sample().Concat(entries.Newest(1 << 20)), probe =>
            Assert.True(ledger.Read(probe.Key, probe.Stamp)));
        Assert.Equal(0, ledger.Wrong);
        Assert.Equal("key:00004999", entries.Newest(1 << 20).Last().Key);
    }

    [Fact]
    public void Nothing_is_promised_at_a_limit_of_one_byte() =>
        Assert.Empty(new GeneratedEntries("key", 5000, 32).Newest(1));

    [Fact]
    public void Writes_that_are_not_taken_are_counted_as_dropped()
    {
        var ledger = new AccessLedger(new FakeCache { Refuses = key => key.EndsWith('7') });

        new GeneratedEntries("key", 100, 32).Run(ledger, _ => { }, CancellationToken.None);

        Assert.Equal(10, ledger.Dropped);
    }

    [Fact]
    public void Cancellation_ends_it_between_two_entries()
    {
        using var source = new CancellationTokenSource();
        var cache = new FakeCache();

        Assert.Throws<OperationCanceledException>(() => new GeneratedEntries("key", 100, 32).Run(
            new AccessLedger(cache),
            progress =>
            {
                if (progress.Done == 10)
                {
                    source.Cancel();
                }
            },
            source.Token));
        Assert.Equal(10, cache.Count);
    }
}
