using System.Globalization;
using BoundedCache.Entries;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>A sample of what a byte cache holds.</summary>
public sealed class ByteSampleTests
{
    [Fact]
    public void It_has_every_entry_of_a_small_cache_with_the_beginning_of_its_key_and_its_bytes()
    {
        using BoundedByteCache cache = Make();
        string[] keys =
        [
            "",
            "user:é",
            "日本語:1",
            $"long:{new string('x', 1_000)}",
            $"日:{new string('x', 30_000)}",
        ];
        for (int i = 0; i < keys.Length; i++)
        {
            cache.Set(keys[i], Value(i, i == 1 ? 300_000 : 100));
        }

        cache.Set("slides", Value(9, 100), new() { SlidingExpiration = TimeSpan.FromHours(1) });
        cache.Set("ends", Value(9, 100), new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(1) });

        IReadOnlyList<SampledEntry> sample = Sample(cache, 100);

        Assert.Equal(
            keys.Append("slides").Append("ends").Select(static key => key[..Math.Min(64, key.Length)]).Order(),
            sample.Select(static entry => (string)entry.Key).Order());
        Assert.All(sample, static entry => Assert.Equal(typeof(byte[]), entry.ValueType));
        Assert.Equal(cache.Engine.ChargeOf(0, 100), sample.Single(static entry => entry.Key is "").Bytes);
        Assert.InRange(sample.Single(static entry => entry.Key is "user:é").Bytes, 300_000, 340_000);
        Assert.InRange(sample.Sum(static entry => entry.Bytes), 360_000, cache.UsedMemory);
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void Of_a_large_cache_it_has_no_more_than_was_asked_for_from_all_over_it(EvictionPolicy policy)
    {
        using BoundedByteCache cache = Make(policy: policy);
        for (int i = 0; i < 30_000; i++)
        {
            cache.Set($"{i % 3}:{i}", Value(i, 100));
        }

        foreach (int most in (int[])[1, 10, 1_000, 29_999])
        {
            int[] keys =
            [
                .. Sample(cache, most).Select(
                    static entry => int.Parse(((string)entry.Key)[2..], CultureInfo.InvariantCulture)),
            ];

            Assert.Equal(keys.Length, keys.Distinct().Count());
            Assert.InRange(keys.Length, Math.Min(most, cache.Count) * 0.5, most);
            Assert.True(most < 1_000 || (keys.Min() < 3_000 && keys.Max() > 27_000));
        }

        Assert.Equal(cache.Count, Sample(cache, 100_000).Count);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void Of_an_empty_or_disposed_cache_it_is_empty()
    {
        BoundedByteCache cache = Make();
        Assert.Empty(Sample(cache, 10));
        cache.Set("key", Value(1, 100));
        cache.Dispose();

        Assert.Empty(Sample(cache, 10));
    }

    [Fact]
    public async Task Beside_writers_it_has_only_keys_that_there_were()
    {
        using BoundedByteCache cache = Make(2 * MiB);
        using var stop = new CancellationTokenSource();
        Task[] writers =
        [
            .. Enumerable.Range(0, 2).Select(writer => Task.Run(() =>
            {
                for (int i = 0; !stop.IsCancellationRequested; i++)
                {
                    cache.Set($"日{i % 5_000}:", Value(i, i * 37 % 3_000));
                    cache.Remove($"日{i * 7 % 5_000}:");
                    if (i % 20_000 == 0)
                    {
                        cache.MaxMemory = (1 + (i / 20_000 % 2)) * MiB;
                    }
                }
            })),
        ];
        SpinWait.SpinUntil(() => cache.Count > 100 || writers.Any(static writer => writer.IsCompleted));

        for (int i = 0; i < 300; i++)
        {
            foreach (SampledEntry entry in Sample(cache, 200))
            {
                string key = Assert.IsType<string>(entry.Key);
                Assert.Matches(@"^日\d{1,4}:$", key);
                Assert.InRange(entry.Bytes, 1, 10_000);
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        cache.Engine.CheckInvariants();
    }

    private static IReadOnlyList<SampledEntry> Sample(BoundedByteCache cache, int most) =>
        ((ISampledCache)cache).Sample(most);
}
