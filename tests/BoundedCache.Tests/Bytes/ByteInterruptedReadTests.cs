using Microsoft.Extensions.Caching.Distributed;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>
/// Single interleavings that a read without the lock must survive, brought about for certain: between finding a value
/// and copying it the reader asks its writer for memory, and after copying it looks at the clock.
/// </summary>
public sealed class ByteInterruptedReadTests
{
    private const int Length = 1_000;

    public static TheoryData<string> Changes =>
    [
        "replaced by a shorter one", "replaced by a longer one", "replaced by one of several slabs",
        "replaced by an empty one",
        "removed",
        "removed, and its block is another key's",
        "moved, and its block is another key's",
        "removed and stored again", "evicted", "cleared and stored again", "moved to another slot",
    ];

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_value_that_changes_before_it_is_copied_is_not_torn(string change)
    {
        using BoundedByteCache cache = Make(64 * MiB);
        Fill(cache, 2_000);
        cache.Set("neighbour", Value(1, Length));
        cache.Set("key", Value(1, Length));
        var writer = new Interrupting(() => Change(cache, change));
        bool isFound = cache.TryGet("key", writer);

        byte[]? now = cache.Get("key");
        Assert.Equal(now is not null, isFound);
        Assert.Equal(now ?? [], writer.Written);
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_value_that_changes_while_it_is_copied_is_not_torn(string change)
    {
        var clock = new InterruptingClock();
        using BoundedByteCache cache = Make(64 * MiB, clock);
        Fill(cache, 2_000);
        cache.Set("neighbour", Value(1, Length));
        cache.Set("key", Value(1, Length), new DistributedCacheEntryOptions
        {
            AbsoluteExpiration = clock.GetUtcNow().AddDays(1),
        });
        clock.Interrupt = () => Change(cache, change);

        Assert.Equal(cache.Get("key"), cache.Get("key"));
        Assert.Null(clock.Interrupt);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_value_that_took_the_place_of_one_that_expires_is_found()
    {
        var clock = new InterruptingClock();
        using BoundedByteCache cache = Make(MiB, clock);
        cache.Set("key", Value(1, Length), new DistributedCacheEntryOptions
        {
            AbsoluteExpiration = clock.GetUtcNow().AddSeconds(1),
        });
        clock.Interrupt = () =>
        {
            cache.Set("key", Value(2, Length));
            clock.Now = clock.Now.AddSeconds(2);
        };

        Assert.Equal(Value(2, Length), cache.Get("key"));
    }

    [Theory]
    [InlineData(200_000)]
    [InlineData(2_000_000)]
    public void A_large_value_that_leaves_while_it_is_read_stays_until_the_reader_is_done(int length)
    {
        using BoundedByteCache cache = Make(16 * MiB);
        cache.Set("key", Value(1, length));
        var writer = new Interrupting(() =>
        {
            cache.Remove("key");
            for (int i = 0; i < 10; i++)
            {
                Assert.True(cache.Set($"other{i}", Value(2, length / 2)));
            }

            cache.MaxMemory = MiB;
        });

        Assert.True(cache.TryGet("key", writer));
        Assert.Equal(Value(1, length), writer.Written);
        Assert.InRange(cache.UsedMemory, 0, MiB);
        cache.Engine.CheckInvariants();
    }

    private static void Fill(BoundedByteCache cache, int entries)
    {
        for (int i = 0; i < entries; i++)
        {
            cache.Set($"filler{i}", Value(i, i % 500));
        }
    }

    private static void Change(BoundedByteCache cache, string change)
    {
        switch (change)
        {
            case "replaced by a shorter one":
                cache.Set("key", Value(2, Length - 3));
                break;
            case "replaced by a longer one":
                cache.Set("key", Value(2, 3 * Length));
                break;
            case "replaced by one of several slabs":
                cache.Set("key", Value(2, 200_000));
                break;
            case "replaced by an empty one":
                cache.Set("key", []);
                break;
            case "removed":
                cache.Remove("key");
                break;
            case "removed, and its block is another key's":
                cache.Remove("key");
                cache.Set("other", Value(2, Length));
                break;
            case "moved, and its block is another key's":
                // The last block of the class moves to where the neighbour was.
                cache.Remove("neighbour");
                cache.Set("other", Value(2, Length));
                break;
            case "removed and stored again":
                cache.Remove("key");
                cache.Set("key", Value(2, Length - 1));
                break;
            case "evicted":
                cache.MaxMemory = 1;
                break;
            case "cleared and stored again":
                // The slot's page was given back, and holds zeros.
                cache.Clear();
                cache.Set("key", Value(2, Length - 1));
                break;
            default:
                // Its slot is the last one but two, and the table becomes shorter.
                for (int i = 0; i < 2_000; i++)
                {
                    cache.Remove($"filler{i}");
                }

                cache.MaxMemory = MiB / 2;
                cache.Set("other", Value(2, Length));
                break;
        }
    }

    private sealed class InterruptingClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public Action? Interrupt { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            if (Interrupt is { } interrupt)
            {
                Interrupt = null;
                interrupt();
            }

            return Now;
        }
    }
}
