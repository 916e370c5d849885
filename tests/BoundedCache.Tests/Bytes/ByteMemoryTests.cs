using System.Globalization;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Time.Testing;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>What the pages hold after an entry left, and what the kernel is told of them.</summary>
public sealed class ByteMemoryTests
{
    private static readonly byte[] s_secret = Encoding.ASCII.GetBytes("a secret that must not stay");

    public static TheoryData<string, int> WaysToLeave
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string way in (string[])
            [
                "removed", "replaced by a shorter one", "replaced by a longer one", "replaced and expiring", "evicted",
                "shrunk", "compacted", "expired", "cleared", "removed by prefix", "moved and removed", "refused",
            ])
            {
                foreach (int length in (int[])[200, 5_000, 50_000, 65_500, 200_000])
                {
                    data.Add(way, length);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(WaysToLeave))]
    public void Nothing_of_an_entry_stays_where_freed_memory_is_cleared(string way, int length)
    {
        FakeTimeProvider clock = Clock();
        var pages = new FakePages();
        using BoundedByteCache cache = Make(4 * MiB, clock, pages, clear: true);
        byte[] value = Secret(length);
        cache.Set("before", Value(1, length));
        Assert.True(cache.Set("key", value, way != "expired" ? null : new DistributedCacheEntryOptions
        {
            AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(1),
        }));
        cache.Set("after", Value(2, length));
        Assert.True(pages.CountOf(s_secret) > 0);
        switch (way)
        {
            case "replaced by a shorter one":
                Assert.True(cache.Set("key", Value(3, length - s_secret.Length)));
                break;
            case "replaced by a longer one":
                Assert.True(cache.Set("key", Value(3, length + (length / 2))));
                break;
            case "replaced and expiring":
                Assert.True(cache.Set("key", Value(3, length - 40), new DistributedCacheEntryOptions
                {
                    SlidingExpiration = TimeSpan.FromDays(1),
                }));
                break;
            case "evicted":
                // Twice as much as fits. To ask for an entry would count as a use.
                for (int i = 0; i < 2 * (4 * MiB / 1_000); i++)
                {
                    cache.Set($"k{i}", Value(i, 1_000));
                }

                break;
            case "shrunk":
                cache.MaxMemory = 1;
                break;
            case "compacted":
                cache.Compact(1);
                break;
            case "expired":
                clock.Advance(TimeSpan.FromMinutes(1));
                break;
            case "cleared":
                cache.Clear();
                break;
            case "removed by prefix":
                cache.RemoveByPrefix("ke");
                break;
            case "moved and removed":
                // The last block of the class moves into the hole.
                cache.Set("key2", value);
                cache.Remove("before");
                cache.Remove("key2");
                cache.Remove("key");
                break;
            case "refused":
                Assert.False(cache.Set("key", new byte[5 * MiB]));
                break;
            default:
                cache.Remove("key");
                break;
        }

        Assert.False(cache.Get("key").AsSpan().IndexOf(s_secret) >= 0);
        Assert.Equal(0, pages.CountOf(s_secret));
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_beginning_of_a_value_does_not_stay_before_the_times_of_the_next_one(bool slides)
    {
        byte[] secret = "4321"u8.ToArray();
        var time = TimeSpan.FromDays(1);
        var pages = new FakePages();
        using BoundedByteCache cache = Make(4 * MiB, Clock(), pages, clear: true);
        cache.Set("", [.. secret, .. new byte[30]]);
        Assert.Equal(1, pages.CountOf(secret));

        // With the times the block has the length that it had before.
        byte[] next = new byte[slides ? 4 : 20];
        cache.Set("", next, slides
            ? new DistributedCacheEntryOptions { SlidingExpiration = time }
            : new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = time });

        Assert.Equal(0, pages.CountOf(secret));
        Assert.Equal(next, cache.Get(""));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_large_value_that_a_reader_holds_is_cleared_when_the_reader_is_done()
    {
        var pages = new FakePages();
        using BoundedByteCache cache = Make(4 * MiB, pages: pages, clear: true);
        cache.Set("key", Secret(200_000));
        var writer = new Interrupting(() =>
        {
            cache.Remove("key");
            Assert.True(pages.CountOf(s_secret) > 0);
        });
        Assert.True(cache.TryGet("key", writer));

        Assert.Equal(0, pages.CountOf(s_secret));
        Assert.Equal(Secret(200_000), writer.Written);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_value_whose_pieces_fail_leaves_nothing()
    {
        var pages = new FakePages();
        using BoundedByteCache cache = Make(4 * MiB, pages: pages, clear: true);
        Assert.Throws<ArgumentException>(() => cache.Set("key", Sequences.Claiming(Secret(100_000), 150_000)));

        Assert.Equal(0, pages.CountOf(s_secret));
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pages_are_left_out_of_core_dumps_where_that_is_wanted(bool isExcluded)
    {
        var pages = new FakePages(isExcluded);
        using BoundedByteCache cache = Make(16 * MiB, pages: pages);
        for (int i = 0; i < 10_000; i++)
        {
            cache.Set($"k{i}", Value(i, i % 40 == 0 ? 70_000 : 1_000));
        }

        List<(nint Start, nint End, string Flags)> mappings = ReadMappings();
        Assert.All(pages.Starts, start =>
        {
            string flags = mappings.Single(mapping => start >= mapping.Start && start < mapping.End).Flags;
            Assert.Equal(isExcluded, flags.Contains(" dd", StringComparison.Ordinal));

            // No huge pages, whatever else.
            Assert.Contains(" nh", flags, StringComparison.Ordinal);
        });
        cache.Engine.CheckInvariants();
    }

    private static byte[] Secret(int length)
    {
        byte[] value = new byte[length];
        for (int at = 0; at < length; at += s_secret.Length)
        {
            s_secret.AsSpan(0, Math.Min(s_secret.Length, length - at)).CopyTo(value.AsSpan(at));
        }

        return value;
    }

    private static List<(nint Start, nint End, string Flags)> ReadMappings()
    {
        var mappings = new List<(nint, nint, string)>();
        (nint Start, nint End) range = default;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            int dash = line.IndexOf('-', StringComparison.Ordinal);
            if (line.StartsWith("VmFlags:", StringComparison.Ordinal))
            {
                mappings.Add((range.Start, range.End, line));
            }
            else if (dash > 0 && nint.TryParse(
                line.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nint start))
            {
                range = (start, nint.Parse(
                    line.AsSpan(dash + 1, line.IndexOf(' ', StringComparison.Ordinal) - dash - 1),
                    NumberStyles.HexNumber,
                    CultureInfo.InvariantCulture));
            }
        }

        return mappings;
    }
}
