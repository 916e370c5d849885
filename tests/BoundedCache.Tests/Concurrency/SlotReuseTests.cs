using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Slots that change their entry as fast as two threads can do it, while readers run: this tests the seqlock. A few
/// keys, no callbacks and no eviction, so that the slot one key leaves is used for the next.
/// </summary>
[Collection(StressTests.Name)]
public class SlotReuseTests
{
    private const int KeyCount = 8;

    /// <summary>Whether entries expire after a time, or slide every other one; and the policy.</summary>
    public static TheoryData<bool, EvictionPolicy> Settings => new()
    {
        { false, EvictionPolicy.LeastRecentlyUsed },
        { true, EvictionPolicy.LeastRecentlyUsed },
        { true, EvictionPolicy.ScanResistant },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void A_slot_that_changes_its_entry_never_gives_one_keys_value_to_another(
        bool expires, EvictionPolicy policy) => Run(TimeSpan.FromSeconds(3), expires, policy);

    [SoakTheory]
    [Trait("Category", "Soak")]
    [MemberData(nameof(Settings))]
    public void A_slot_that_changes_its_entry_never_gives_one_keys_value_to_another_for_long(
        bool expires, EvictionPolicy policy) => Run(Soak.Duration!.Value, expires, policy);

    private static void Run(TimeSpan duration, bool expires, EvictionPolicy policy)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = 1 << 20,
            ReleaseMode = ReleaseMode.None,
            EvictionPolicy = policy,
        });
        object[] keys = Keys.MakeMany(KeyKind.Strings, KeyCount);
        object[] values = [.. keys.Select(static key => new Named((string)key))];
        new Crowd()
            .Add("reader", 2, _ => random =>
            {
                for (int i = 0; i < KeyCount; i++)
                {
                    if (cache.TryGetValue(keys[i], out object? found) && !ReferenceEquals(found, values[i]))
                    {
                        Assert.Fail($"the key '{keys[i]}' answered '{found ?? "null"}'");
                    }
                }
            })
            .Add("writer", 2, _ => random =>
            {
                int number = random.Next(KeyCount);
                cache.Remove(keys[number]);
                number = random.Next(KeyCount);
                if (expires)
                {
                    cache.Set(keys[number], values[number], TimeSpan.FromHours(1));
                }
                else
                {
                    using ICacheEntry entry = cache.CreateEntry(keys[number]);
                    entry.Value = values[number];

                    // Every other time with details instead of the value: flags and value must not be mixed either.
                    entry.SlidingExpiration = random.Next(2) == 0 ? TimeSpan.FromHours(1) : null;
                }
            })
            .Run(duration);
        InvariantChecker.Check(cache.Engine);
    }

    private sealed record Named(string Name);
}
