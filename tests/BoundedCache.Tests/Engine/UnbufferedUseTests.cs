using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>Uses by threads that have no touch buffer, because their numbers are too high.</summary>
public sealed class UnbufferedUseTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly CacheEngine _engine =
        new(100, new ManualTimeProvider(), static _ => { }, new TouchLog(maxBuffers: 0));

    public UnbufferedUseTests()
    {
        foreach (string key in (string[])["first", "second", "third"])
        {
            Assert.True(_engine.Set(new StringLookup(key), new NewEntry
            {
                Key = key,
                Value = key,
                Details = null,
                Priority = CacheItemPriority.Normal,
                Charge = 1,
                Deadline = long.MaxValue,
            }, out _));
        }
    }

    [Fact]
    public void A_use_counts_for_the_order_at_once()
    {
        Use("first");

        Assert.Equal(["first", "third", "second"], _engine.KeysInOrder(CacheItemPriority.Normal));
        Assert.Equal(0, _engine.LostTouches);
        InvariantChecker.Check(_engine);
    }

    [Fact]
    public void A_use_while_the_lock_is_held_waits_for_nobody_and_is_counted_as_lost()
    {
        using (_engine.Lock.Enter())
        {
            var reader = new Thread(() => Use("first"));
            reader.Start();
            Assert.True(reader.Join(s_limit), "the reader waits");
        }

        Assert.Equal(1, _engine.LostTouches);
        Assert.Equal(["third", "second", "first"], _engine.KeysInOrder(CacheItemPriority.Normal));
    }

    private void Use(string key)
    {
        Assert.True(_engine.TryGet(new StringLookup(key), out object? value));
        Assert.Equal(key, value);
    }
}
