using BoundedCache.Tests.Sizing;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests;

/// <summary>What entries with tokens are charged, compared with what is alive because of them.</summary>
[Collection(HeapTests.Name)]
public sealed class TokenChargeTests : IDisposable
{
    private const int Entries = 20_000;

    private readonly CancellationTokenSource _first = new();
    private readonly CancellationTokenSource _second = new();

    public static TheoryData<string> Shapes => [.. s_shapes.Keys];

    private static readonly Dictionary<string, Func<TokenChargeTests, Func<IChangeToken[]>>> s_shapes = new()
    {
        ["a cancellation token"] = static test => () => [test.Own(test._first)],
        ["two cancellation tokens"] = static test => () => [test.Own(test._first), test.Own(test._second)],
        ["one that is shared by all"] = static test =>
        {
            IChangeToken shared = test.Own(test._first);
            return () => [shared];
        },
        ["one that can never change"] = static _ => static () => [new CancellationChangeToken(CancellationToken.None)],
        ["a composite of two"] = static test => () =>
            [new CompositeChangeToken([test.Own(test._first), test.Own(test._second)])],
        ["a composite of three that are shared"] = static test =>
        {
            IChangeToken[] shared = [test.Own(test._first), test.Own(test._second), test.Own(test._first)];
            return () => [new CompositeChangeToken([.. shared])];
        },
        ["a composite in a composite"] = static test => () =>
            [new CompositeChangeToken([new CompositeChangeToken([test.Own(test._first)]), test.Own(test._second)])],
        ["a composite that is shared"] = static test =>
        {
            var shared = new CompositeChangeToken([test.Own(test._first), test.Own(test._second)]);
            return () => [shared];
        },
        ["a token of the application, which has to be asked"] = static _ =>
            static () => [new OwnToken(s_shapes!)],
        ["a token of the application with a cancellation token"] = static test => () =>
            [new WrappedToken(test, test._first.Token)],
    };

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Entries_are_charged_what_their_tokens_keep_alive(string shape) =>
        AssertCharged(s_shapes[shape](this), late: false);

    [Theory]
    [InlineData("two cancellation tokens")]
    [InlineData("one that is shared by all")]
    [InlineData("a composite of two")]
    public void The_same_where_they_are_added_later(string shape) => AssertCharged(s_shapes[shape](this), late: true);

    [Fact]
    public void Where_sizes_are_declared_tokens_are_charged_nothing()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        test.Set("key", 1, entry => entry.AddExpirationToken(Own(_first)));
        using ICacheEntry late = test.Cache.CreateEntry("late");
        late.SetValue(1).SetSize(1).Dispose();
        late.AddExpirationToken(Own(_first));

        Assert.Equal(2, test.Cache.UsedMemory);
    }

    private static void AssertCharged(Func<IChangeToken[]> make, bool late)
    {
        object value = new();
        object[] keys = [.. Enumerable.Range(0, Entries).Select(static i => (object)i)];
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1L << 32);
        void Fill(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                ICacheEntry entry = test.Cache.CreateEntry(keys[i]);
                entry.Value = value;
                if (late)
                {
                    entry.Dispose();
                }

                Array.ForEach(make(), token => entry.AddExpirationToken(token));
                entry.Dispose();
            }
        }

        Fill(0, Entries / 5);
        long usedBefore = test.Cache.UsedMemory;
        long before = LiveHeap.Bytes();
        Fill(Entries / 5, Entries);
        double live = LiveHeap.Bytes() - before;
        double charged = test.Cache.UsedMemory - usedBefore;

        // The keys were there before: their bytes are the caller's here.
        charged -= 24.0 * Entries * 4 / 5;
        Assert.InRange(charged / live, 0.9, 1.2);
        GC.KeepAlive(keys);
    }

    private CancellationChangeToken Own(CancellationTokenSource source) => new(source.Token);

    private class OwnToken(object owner) : IChangeToken
    {
        public object Owner { get; } = owner;

        public bool HasChanged => false;

        public virtual bool ActiveChangeCallbacks => false;

        public virtual IDisposable RegisterChangeCallback(Action<object?> callback, object? state) =>
            throw new NotSupportedException();
    }

    private sealed class WrappedToken(object owner, CancellationToken token) : OwnToken(owner)
    {
        public override bool ActiveChangeCallbacks => true;

        public override IDisposable RegisterChangeCallback(Action<object?> callback, object? state) =>
            token.UnsafeRegister(callback, state);
    }
}
