using BoundedCache.Tests.Sizing;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Disposal.DisposalSteps;

namespace BoundedCache.Tests.Disposal;

/// <summary>What it takes to know who holds a value is charged, and goes with the entries.</summary>
[Collection(HeapTests.Name)]
public sealed class DisposalBytesTests
{
    private const int Entries = 100_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Entries_whose_values_are_disposed_are_charged_what_they_keep_alive(bool byOption)
    {
        using var test = new CacheUnderTest(
            options => (options.MaxMemory, options.DisposeValues) = (1L << 32, byOption));

        // As many as later: the thread pool keeps the room of the longest queue of callbacks that it had.
        Fill(test, 0, Entries, byOption);
        test.Cache.Clear();
        Assert.True(test.Cache.WaitForCallbacks(Patience));

        // Where the queue was longer than ever before, the next round begins with its room. What entries left behind
        // would be there after each round.
        long live = 0;
        long left = long.MaxValue;
        for (int rounds = 3; rounds > 0 && left > live / 50; rounds--)
        {
            long before = LiveHeap.Bytes();
            Fill(test, 0, Entries, byOption);
            live = LiveHeap.Bytes() - before;

            // 32 bytes are the registration with the entry's own mark: callbacks belong to the caller.
            long charged = test.Cache.UsedMemory + (byOption ? 0 : 32 * Entries);
            Assert.InRange((double)charged / live, 0.97, 1.05);

            test.Cache.Clear();
            Assert.True(test.Cache.WaitForCallbacks(Patience));
            _ = Eventually.True(() => (left = LiveHeap.Bytes() - before) <= live / 50);
        }

        Assert.True(left <= live / 50, $"{left} of {live} bytes are still alive");
    }

    [Fact]
    public void A_setting_that_is_added_later_does_not_undo_that()
    {
        using CacheUnderTest test = Make(byOption: true);
        using ICacheEntry entry = test.Cache.CreateEntry("key");
        entry.Value = new Value();
        entry.Dispose();
        long before = test.Cache.UsedMemory;
        entry.SlidingExpiration = TimeSpan.FromHours(1);
        Assert.Equal(before + 8, test.Cache.UsedMemory);
        Audit.AuditTests.Lap(test, 2);

        Assert.Equal(before + 8, test.Cache.UsedMemory);
    }

    private static void Fill(CacheUnderTest test, int from, int to, bool byOption)
    {
        for (int i = from; i < to; i++)
        {
            Store(test, $"key {i}", new Value(), byOption);
        }
    }
}
