using BoundedCache.Engine;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Deadlines on the system's clock, which a reader asks only where a deadline may be near: beside a writer the deadline
/// that it looked at may be another entry's.
/// </summary>
[Collection(StressTests.Name)]
public class SystemClockTests
{
    private const int KeyCount = 10_000;

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void No_reader_gets_an_expired_entry_while_its_key_gets_one_with_a_later_deadline(EvictionPolicy policy)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            EvictionPolicy = policy,
            ReleaseMode = ReleaseMode.None,
        });
        string[] keys = [.. Enumerable.Range(0, KeyCount).Select(static i => $"key {i}")];
        int current = 0;
        var crowd = new Crowd();
        crowd.Add("reader", 1, _ =>
        {
            var time = new PassedTime();
            int last = -1;
            return random =>
            {
                long passed = time.Read();
                int number = Volatile.Read(ref current);
                if (number == last)
                {
                    return;
                }

                // Once, at about the moment at which the writer stores: a second read would find the first one's work.
                last = number;
                Thread.SpinWait(random.Next(64));
                if (cache.TryGetValue(keys[number], out object? found))
                {
                    var until = (Until)found!;
                    Assert.True(
                        until.Deadline.UtcTicks > passed, $"it expired at {until.Deadline:O} and was read later");
                }
            };
        });
        crowd.Add("writer", _ =>
        {
            DateTimeOffset near = DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(150);
            DateTimeOffset far = near + TimeSpan.FromDays(1);
            Array.ForEach(keys, key => cache.Set(key, new Until(near), near));
            for (var time = new PassedTime(); time.Read() < near.UtcTicks; Thread.Sleep(1))
            {
                if (crowd.IsStopping)
                {
                    return;
                }
            }

            for (int i = 0; i < KeyCount; i++)
            {
                Volatile.Write(ref current, i);
                cache.Set(keys[i], new Until(far), far);
            }
        });
        crowd.Run(TimeSpan.FromSeconds(2));
        InvariantChecker.Check(cache.Engine);
    }

    /// <summary>A value that says when its entry expires.</summary>
    private sealed record Until(DateTimeOffset Deadline);
}
