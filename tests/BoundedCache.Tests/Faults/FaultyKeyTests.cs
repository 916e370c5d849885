using BoundedCache.Engine;

namespace BoundedCache.Tests.Faults;

/// <summary>Keys whose own code throws, blocks, or does not tell keys apart.</summary>
public class FaultyKeyTests : FaultTest
{
    [Fact]
    public void A_hash_that_throws_reaches_the_caller_and_changes_nothing()
    {
        Set("other");
        var key = new Key("a") { OnHash = static () => throw new NotSupportedException() };

        Assert.Throws<NotSupportedException>(() => Cache.TryGetValue(key, out _));
        Assert.Throws<NotSupportedException>(() => Cache.Remove(key));
        Assert.Throws<NotSupportedException>(() => Set(key));

        CheckHolds(entries: 1, bytes: 10);
    }

    [Fact]
    public void An_Equals_that_throws_reaches_the_caller_and_changes_nothing()
    {
        var stored = new Key("a");
        Set(stored);
        stored.OnEquals = static () => throw new NotSupportedException();

        Assert.Throws<NotSupportedException>(() => Cache.TryGetValue(new Key("a"), out _));
        Assert.Throws<NotSupportedException>(() => Cache.Remove(new Key("a")));
        Assert.Throws<NotSupportedException>(() => Set(new Key("a")));

        CheckHolds(entries: 1, bytes: 10);
        Assert.True(Cache.TryGetValue(stored, out _));
    }

    [Fact]
    public void An_entry_whose_keys_Equals_throws_is_evicted_and_cleared_all_the_same()
    {
        Set(new Key("a") { OnEquals = static () => throw new NotSupportedException(), OnHash = null });

        Cache.MaxMemory = 5;
        CheckHolds(entries: 0, bytes: 0);

        Cache.MaxMemory = 1000;
        Set(new Key("b") { OnEquals = static () => throw new NotSupportedException() });
        Cache.Clear();
        CheckHolds(entries: 0, bytes: 0);
    }

    [Theory]
    [InlineData("read")]
    [InlineData("set")]
    [InlineData("remove")]
    public void An_Equals_that_blocks_holds_up_nobody_else(string what)
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var blocking = new Key("a")
        {
            OnEquals = () =>
            {
                entered.Set();
                release.Wait(Patience);
            },
        };
        Set("victim", size: 500);
        Set(blocking);
        Task stuck = Task.Factory.StartNew(
            () =>
            {
                switch (what)
                {
                    case "read":
                        Assert.True(Cache.TryGetValue(new Key("a"), out _));
                        break;
                    case "set":
                        Set(new Key("a"), size: 20);
                        break;
                    default:
                        Cache.Remove(new Key("a"));
                        break;
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Assert.True(entered.Wait(Patience));

        // Everything else works, except keys of the same hash: they would be compared with the same key.
        OnAnotherThread(() =>
        {
            Set("x");
            Assert.True(Cache.TryGetValue("x", out _));
            Set(12);
            Assert.True(Cache.TryGetValue(12, out _));
            Cache.Remove("x");
            Cache.Compact(0);
            Cache.MaxMemory = 400;
            Cache.MaxMemory = 1000;

            // By its type: Contains would ask the blocking key whether it is 12.
            Assert.Single(Cache.Keys, static key => key is 12);
        });
        Assert.False(stuck.IsCompleted);
        release.Set();

        Await(stuck);
        Assert.Equal(what != "remove", Cache.TryGetValue(new Key("a"), out _));
        InvariantChecker.Check(Cache.Engine);
    }

    [Fact]
    public void Ten_thousand_keys_of_one_hash_work_and_are_evicted_in_order()
    {
        const int Count = 10_000;
        Cache.MaxMemory = Count * 10;
        Key[] keys = [.. Enumerable.Range(0, Count).Select(static i => new Key($"key {i}"))];
        foreach (Key key in keys)
        {
            Set(key);
        }

        CheckHolds(entries: Count, bytes: Count * 10);
        Assert.True(Cache.TryGetValue(new Key("key 0"), out object? found));
        Assert.Same(keys[0], found);
        Assert.True(Cache.TryGetValue(new Key($"key {Count - 1}"), out _));
        Assert.False(Cache.TryGetValue(new Key("key"), out _));
        for (int i = 1; i < Count; i += 100)
        {
            Set(new Key($"key {i}"), size: 10);
        }

        CheckHolds(entries: Count, bytes: Count * 10);

        // Of the rest the oldest are evicted first: the key that was read, the last one and the 100 that were replaced
        // stay.
        Cache.MaxMemory = 102 * 10;
        CheckHolds(entries: 102, bytes: 1020);
        Assert.True(Cache.TryGetValue(keys[0], out _));
        Assert.True(Cache.TryGetValue(keys[Count - 1], out _));
        Assert.True(Cache.TryGetValue(keys[1], out _));
        Assert.False(Cache.TryGetValue(keys[2], out _));
    }

    private sealed class Key(string name)
    {
        private readonly string _name = name;

        public Action? OnEquals { get; set; }

        public Action? OnHash { get; set; }

        public override bool Equals(object? obj)
        {
            OnEquals?.Invoke();
            return obj is Key key && key._name == _name;
        }

        public override int GetHashCode()
        {
            OnHash?.Invoke();
            return 1;
        }
    }
}
