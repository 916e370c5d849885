using BoundedCache.Engine;

namespace BoundedCache.Tests.Engine;

/// <summary>
/// Keys of a class whose hash code is poor: they are in one chain. Work over many of them, which holds the lock, must
/// not walk along that chain for each. Steps are counted, and not time.
/// </summary>
public sealed class CollidingKeyTests
{
    private const int Keys = 2500;

    private readonly EngineAndModel _both = new(long.MaxValue);

    private CacheEngine Engine => _both.Engine;

    [Theory]
    [InlineData("clear")]
    [InlineData("evict")]
    [InlineData("evict down to a limit")]
    [InlineData("expire")]
    [InlineData("remove, newest first")]
    [InlineData("remove, oldest first")]
    [InlineData("replace")]
    public void Work_over_many_of_them_takes_a_bounded_number_of_steps(string work)
    {
        object[] keys = [.. Enumerable.Range(0, Keys).Select(static i => new Coded(1, i))];
        Fill(keys, seconds: work == "expire" ? 1 : 0);
        long before = Engine.Index.ChainSteps;
        switch (work)
        {
            case "clear":
                Engine.Clear();
                break;

            case "evict":
                Engine.Evict(Keys);
                break;

            case "evict down to a limit":
                Engine.SetMaxBytes(1);
                Engine.EvictDownToLimit();
                break;

            case "expire":
                _both.Time.Advance(TimeSpan.FromSeconds(1));
                Assert.Equal(Keys, Engine.RemoveExpired(static _ => { }));
                break;

            case "replace":
                Fill(keys);
                break;

            default:
                foreach (object key in work == "remove, oldest first" ? keys : keys.Reverse())
                {
                    Assert.True(Engine.Remove(new ObjectLookup(key)));
                }

                break;
        }

        Assert.InRange(Engine.Count, 0, work == "replace" ? Keys : 1);
        Assert.InRange(Engine.Index.ChainSteps - before, 0, 2 * Keys);
        Engine.Trim();
        InvariantChecker.Check(Engine);
    }

    [Fact]
    public void Storing_them_walks_their_chain_once_each_time_that_its_bucket_is_split()
    {
        Fill(Enumerable.Range(0, Keys).Select(static i => new Coded(1, i)));

        // At most as many times as the number of buckets doubles: the sum of a geometric series.
        Assert.InRange(Engine.Index.ChainSteps, 1, 4 * Keys);
    }

    /// <summary>Not so keys that collide by their own hash codes alone: they are in no chain.</summary>
    [Theory]
    [InlineData("tuple of 2 numbers")]
    [InlineData("tuple of 2 numbers that is an object")]
    [InlineData("tuple of 9 numbers")]
    public void Tuples_that_were_chosen_to_collide_are_in_short_chains(string type)
    {
        Fill(Enumerable.Range(1, Keys).Select(i => type switch
        {
            "tuple of 2 numbers" => WideKeyTests.CancelledOut(i),
            "tuple of 9 numbers" => (i, 2, 3, 4, 5, 6, 7, 8, 9),
            _ => (object)Tuple.Create(i, unchecked(33 * i)),
        }));

        Assert.InRange(Enumerable.Range(0, Engine.Index.BucketCount).Max(LengthOfChain), 1, 14);
    }

    /// <summary>Their chain is walked when its bucket is merged, and entries move without walking.</summary>
    [Fact]
    public void Moving_them_between_chunks_takes_a_bounded_number_of_steps()
    {
        object[] keys = [.. Enumerable.Range(0, Keys).Select(static i => new Coded(1, i))];
        for (int i = 0; i < Keys; i++)
        {
            Fill([$"before {i}", keys[i], $"after {i}"]);
        }

        long before = Engine.Index.ChainSteps;
        for (int i = 0; i < Keys; i++)
        {
            Assert.True(Engine.Remove(new StringLookup($"before {i}")));
            Assert.True(Engine.Remove(new StringLookup($"after {i}")));
        }

        Engine.Trim();
        Assert.InRange(Engine.Index.ChainSteps - before, 0, 10 * Keys);
        InvariantChecker.Check(Engine);
        Assert.Equal(2, Engine.Allocator.ChunkCount);
        Assert.All(keys, key => Assert.True(Engine.TryGet(new ObjectLookup(key), out _)));
    }

    /// <summary>All the chains are in buckets that one hold would merge, if it counted buckets alone.</summary>
    [Fact]
    public void Merging_buckets_with_long_chains_ends_the_hold_early()
    {
        const int Chains = 20;
        const int Length = 400;
        const int Others = Chains * Length;
        const int Buckets = 2 * Others * 3 / 2;
        int[] codes = [.. Enumerable.Range(0, int.MaxValue)
            .Where(static code => BucketIndex.BucketOf(KeyHasher.Hash(new Coded(code, 0)), Buckets) >= Buckets - 900)
            .Take(Chains)];
        _both.Fill(0, Others);
        object[] keys = [.. from code in codes from i in Enumerable.Range(0, Length) select new Coded(code, i)];
        Fill(keys);
        Engine.Evict(Others);
        Assert.Equal((Others, Buckets), (Engine.Count, Engine.Index.BucketCount));

        var holds = new List<long>();
        long before = Engine.Index.ChainSteps;
        Engine.Trim(() =>
        {
            holds.Add(Engine.Index.ChainSteps - before);
            before = Engine.Index.ChainSteps;
        });

        Assert.InRange(holds.Sum(), Others, 3 * Others);
        Assert.InRange(holds.Max(), Length, 5000);
        InvariantChecker.Check(Engine);
        Assert.All(keys, key => Assert.True(Engine.TryGet(new ObjectLookup(key), out _)));
    }

    /// <summary>
    /// Where writers interfere with a reader again and again, it copies the entries with its key's hash.
    /// </summary>
    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(100)]
    public void All_entries_with_a_hash_are_collected(int count)
    {
        Fill(Enumerable.Range(0, count).Select(static i => new Coded(1, i)));
        _both.Fill(0, 100);
        var candidates = new Candidate[8];

        using (Engine.Lock.Enter())
        {
            Assert.Equal(count, Engine.Index.Collect(KeyHasher.Hash(new Coded(1, 0)), candidates));
        }

        Assert.Equal(
            Enumerable.Range(0, count).Reverse().Take(8).Select(static i => new Coded(1, i)),
            candidates.Take(count).Select(static candidate => candidate.Key));
    }

    private int LengthOfChain(int bucket)
    {
        int length = 0;
        for (int slot = Engine.Index.Head(bucket); slot > 0; slot = Engine.Store.Slot(slot).Next)
        {
            length++;
        }

        return length;
    }

    private void Fill(IEnumerable<object> keys, int seconds = 0)
    {
        long deadline = seconds == 0
            ? long.MaxValue
            : _both.Time.GetUtcNow().UtcTicks + (seconds * TimeSpan.TicksPerSecond);
        foreach (object key in keys)
        {
            var entry = new NewEntry
            {
                Key = key,
                Value = key,
                Details = null,
                Priority = Microsoft.Extensions.Caching.Memory.CacheItemPriority.Normal,
                Charge = 1,
                Deadline = deadline,
            };
            Assert.True(key is string text
                ? Engine.Set(new StringLookup(text), in entry, out _)
                : Engine.Set(new ObjectLookup(key), in entry, out _));
        }
    }

    /// <summary>A key that chooses its hash code.</summary>
    private sealed record Coded(int Code, int Number)
    {
        public override int GetHashCode() => Code;
    }
}
