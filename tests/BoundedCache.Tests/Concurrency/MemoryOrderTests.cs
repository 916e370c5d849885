using System.Globalization;
using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Tests the fences of lookups without the lock, in the patterns that a weakly ordered processor (Arm64) would
/// break: an entry whose parts must be seen together, an object seen before its fields, a message from one thread to
/// another, and a key stored twice. x64 reorders neither loads nor stores among themselves, so there only a
/// compiler can break most of them.
/// </summary>
/// <remarks>
/// docs/MEMORY-MODEL.md says which fence each of them tests, and the README beside this file says what they catch.
/// </remarks>
public abstract class MemoryOrderTests
{
    private readonly EvictionPolicy _policy;

    private protected MemoryOrderTests(EvictionPolicy policy) => _policy = policy;

    private const int Keys = 4;

    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(700);

    [Fact]
    public void Key_value_flags_and_deadline_of_an_entry_are_seen_together() => SeenTogether(s_short);

    [Fact]
    public void What_a_thread_was_told_is_stored_it_finds() => Told(s_short);

    [Fact]
    public void A_key_with_code_of_its_own_is_stored_once_however_many_store_it() => StoredOnce(s_short);

    [SoakFact]
    [Trait("Category", "Soak")]
    public void Key_value_flags_and_deadline_of_an_entry_are_seen_together_for_long() =>
        SeenTogether(Soak.Duration!.Value);

    [SoakFact]
    [Trait("Category", "Soak")]
    public void What_a_thread_was_told_is_stored_it_finds_for_long() => Told(Soak.Duration!.Value);

    [SoakFact]
    [Trait("Category", "Soak")]
    public void A_key_with_code_of_its_own_is_stored_once_however_many_store_it_for_long() =>
        StoredOnce(Soak.Duration!.Value);

    /// <summary>
    /// The seqlock. Two slots change continuously among four keys, each time with a new object that carries
    /// its key, and in all four kinds: plain, with a deadline, with details, with both. A missing fence on either side
    /// shows as another key's value, as a value whose fields are not set yet, or as an entry that expired although its
    /// deadline is a day away (a deadline read apart from its flag is "never" or the beginning of time).
    /// </summary>
    private void SeenTogether(TimeSpan duration)
    {
        using BoundedMemoryCache cache = Create(limit: 2);
        string[] keys = [.. Enumerable.Range(0, Keys).Select(static i => i.ToString(CultureInfo.InvariantCulture))];
        int expired = 0;
        var onGone = new PostEvictionCallbackRegistration
        {
            EvictionCallback = (_, _, reason, _) =>
                Interlocked.Add(ref expired, reason == EvictionReason.Expired ? 1 : 0),
        };
        new Crowd()
            .Add("reader", 2, _ => _ =>
            {
                foreach (string key in keys)
                {
                    if (cache.TryGetValue(key, out object? found))
                    {
                        Sealed value = Assert.IsType<Sealed>(found);
                        Assert.True(
                            ReferenceEquals(value.Key, key) && value.Check == ~value.Number,
                            $"the key {key} answered {value}");
                    }
                }
            })
            .Add("writer", 2, _ => random =>
            {
                string key = keys[random.Next(Keys)];
                using ICacheEntry entry = cache.CreateEntry(key);
                entry.Value = new Sealed(key, random.Next());
                entry.Size = 1;
                int kind = random.Next(4);
                entry.AbsoluteExpirationRelativeToNow = (kind & 1) != 0 ? TimeSpan.FromDays(1) : null;
                if ((kind & 2) != 0)
                {
                    entry.PostEvictionCallbacks.Add(onGone);
                }
            })
            .Run(duration);
        Assert.True(cache.WaitForCallbacks(TimeSpan.FromMinutes(1)), "the callbacks did not finish");
        Assert.Equal(0, expired);
        Assert.Equal(0, cache.GetSnapshot().Evictions.Expired.Entries);
        InvariantChecker.Check(cache.Engine);
    }

    /// <summary>
    /// Publication. One thread stores the next number under its key and then announces it in a plain variable with a
    /// release store. Another thread that read the number must find it or a later one, while the table grows, splits,
    /// is trimmed and moves its entries. If a head, a Next, a chunk or a count of buckets becomes visible later than
    /// the store that published it, this shows as a miss or an older value.
    /// </summary>
    private void Told(TimeSpan duration)
    {
        using BoundedMemoryCache cache = Create(limit: long.MaxValue);
        long[] told = new long[Keys];
        int[] next = new int[Keys];
        var crowd = new Crowd();
        crowd
            .Add("reader", 2, _ => random =>
            {
                int number = random.Next(Keys);
                long least = Volatile.Read(ref told[number]);
                bool found = cache.TryGetValue($"told {number}", out object? value);
                if (least > 0)
                {
                    Assert.True(
                        found && ((Sealed)value!).Number >= least,
                        $"told of {least} of key {number}, found {(found ? value : "nothing")}");
                }
            })
            .Add("writer", Keys, writer => random =>
            {
                string key = $"told {writer}";
                int version = ++next[writer];
                using (ICacheEntry entry = cache.CreateEntry(key))
                {
                    entry.Value = new Sealed(key, version);
                    entry.Size = 1;
                    entry.AbsoluteExpirationRelativeToNow = random.Next(2) == 0 ? TimeSpan.FromDays(1) : null;
                }

                Volatile.Write(ref told[writer], version);
            })
            .Add("resizer", _ =>
            {
                // Grows over several chunks and shrinks again: every way in which an entry that stays changes its slot.
                for (int i = 0; i < 3 * SlotStore.ChunkSize && !crowd.IsStopping; i++)
                {
                    using ICacheEntry entry = cache.CreateEntry(i);
                    entry.Value = entry;
                    entry.Size = 1;
                }

                for (int i = 0; i < 3 * SlotStore.ChunkSize && !crowd.IsStopping; i++)
                {
                    cache.Remove(i);
                }

                cache.Compact(0);
            })
            .Run(duration);
        InvariantChecker.Check(cache.Engine);
    }

    /// <summary>
    /// The counters of insertions. A writer whose keys' Equals is user code looks a key up without the lock; under the
    /// lock the counters tell whether the key is still missing. All threads store the same few keys and remove them
    /// again. A key that is twice in the table is one entry too many at the end, or fails the checker.
    /// </summary>
    private void StoredOnce(TimeSpan duration)
    {
        using BoundedMemoryCache cache = Create(limit: long.MaxValue);
        new Crowd()
            .Add("writer", 4, _ => random =>
            {
                object key = new Coded(random.Next(Keys));
                if (random.Next(3) == 0)
                {
                    cache.Remove(key);
                }
                else
                {
                    using ICacheEntry entry = cache.CreateEntry(key);
                    entry.Value = key;
                    entry.Size = 1;
                }

                int count = cache.Count;
                Assert.True(count <= Keys, $"{count} entries of {Keys} keys");
            })
            .Run(duration);
        InvariantChecker.Check(cache.Engine);
        Assert.Equal(cache.Count, cache.Keys.Distinct().Count());
        for (int i = 0; i < Keys; i++)
        {
            cache.Remove(new Coded(i));
        }

        Assert.Equal(0, cache.Count);
    }

    private BoundedMemoryCache Create(long limit) => new(new BoundedMemoryCacheOptions
    {
        EvictionPolicy = _policy,
        MaxMemory = limit,
        Sizing = EntrySizing.Declared,
        ReleaseMode = ReleaseMode.None,
    });

    /// <summary>
    /// A value whose fields show whether they were all visible: an object read before its constructor's
    /// stores would have zeros.
    /// </summary>
    private sealed record Sealed(string Key, int Number)
    {
        public int Check { get; } = ~Number;
    }

    /// <summary>A key whose Equals is user code.</summary>
    private sealed record Coded(int Number);

    [Collection(StressTests.Name)]
    public sealed class LeastRecentlyUsed() : MemoryOrderTests(EvictionPolicy.LeastRecentlyUsed);

    [Collection(StressTests.Name)]
    public sealed class ScanResistant() : MemoryOrderTests(EvictionPolicy.ScanResistant);
}
