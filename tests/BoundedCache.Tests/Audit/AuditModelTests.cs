using BoundedCache.Engine;
using static BoundedCache.Tests.Audit.AuditTests;

namespace BoundedCache.Tests.Audit;

/// <summary>
/// Random changes of stored values between laps. Afterwards the used bytes are what all entries together would be
/// charged if they were stored now.
/// </summary>
public sealed class AuditModelTests
{
    private const int Keys = 60;

    [Theory]
    [InlineData(1, 1L << 30)]
    [InlineData(2, 1L << 30)]
    [InlineData(3, 3_000_000)]
    [InlineData(4, 3_000_000)]
    [InlineData(5, 400_000)]
    [InlineData(6, 400_000)]
    [InlineData(7, 60_000)]
    public void After_random_changes_and_laps_the_account_is_true(int seed, long limit)
    {
        using var test = new CacheUnderTest(options => options.MaxMemory = limit);
        var random = new Random(seed);
        var stored = new Dictionary<int, Action>();
        for (int step = 0; step < 3000; step++)
        {
            int key = random.Next(Keys);
            switch (random.Next(20))
            {
                case < 5:
                    stored[key] = Store(test, key, random);
                    break;
                case < 14 when stored.TryGetValue(key, out Action? change):
                    change();
                    break;
                case 14:
                    test.Cache.Remove(key);
                    break;
                case 15:
                    test.Cache.TryGetValue(key, out _);
                    break;
                case 16:
                    test.Cache.Remeasure(key);
                    break;
                case 17:
                    test.Cache.MaxMemory = random.Next(2) == 0 ? limit : limit / 2;
                    break;
                case 18:
                    test.Cache.Audit!.Reexamine(TimeSpan.FromMilliseconds(random.Next(2)), random.Next(2) == 0);
                    break;
                case 19:
                    test.Cache.Audit!.RunLap();
                    break;
            }

            if (step % 100 == 0)
            {
                InvariantChecker.Check(test.Cache.Engine);
            }
        }

        Lap(test, 3);

        Assert.Equal(Fresh(test), test.Cache.UsedMemory);
        Assert.True(limit < 1L << 30 || test.Cache.Count > Keys / 2, "nearly all entries are gone");
        Assert.True(test.Cache.GetSnapshot().ChangedEntries > 20, "hardly a change was found");
    }

    /// <summary>Stores a value, and returns what changes it.</summary>
    private static Action Store(CacheUnderTest test, int key, Random random)
    {
        switch (random.Next(6))
        {
            case 0:
                var source = new TaskCompletionSource<List<byte[]>>();
                test.Cache.Set(key, source.Task);
                return () =>
                {
                    source.TrySetResult([]);
                    source.Task.Result.Add(new byte[random.Next(5000)]);
                };
            case 1:
                var lazy = new Lazy<List<byte[]>>(static () => []);
                test.Cache.Set(key, lazy);
                return () => lazy.Value.Add(new byte[random.Next(5000)]);
            default:
                ChangingValue value = ChangingValue.Make(ChangingValue.KindAt(random.Next(100)));
                test.Cache.Set(key, value.Value, TimeSpan.FromHours(random.Next(1, 3)));
                bool isGrown = false;
                return () =>
                {
                    (isGrown && value.Shrink is { } shrink ? shrink : value.Grow)();
                    isGrown = !isGrown;
                };
        }
    }
}
