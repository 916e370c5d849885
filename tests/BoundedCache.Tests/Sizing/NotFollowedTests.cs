using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using BoundedCache.Sizing;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Tests.Sizing;

public sealed class NotFollowedTests
{
    private static readonly long s_boxSize = 3 * IntPtr.Size;

    public static TheoryData<string> Shared() => [.. s_shared.Keys];

    private static readonly Dictionary<string, object> s_shared = new(StringComparer.Ordinal)
    {
        ["type"] = typeof(string),
        ["member"] = typeof(string).GetMethods()[0],
        ["assembly"] = typeof(string).Assembly,
        ["delegate"] = new Func<int>(new byte[1000].Count),
        ["delegate of a service"] = new Func<Type, object?>(new Provider().GetService),
        ["delegate of nothing"] = static () => 1,
        ["service provider"] = new Provider(),
        ["culture"] = CultureInfo.InvariantCulture,
        ["compare info"] = CultureInfo.InvariantCulture.CompareInfo,
        ["number format"] = NumberFormatInfo.InvariantInfo,
        ["encoding"] = new UTF8Encoding(),
        ["thread"] = Thread.CurrentThread,
        ["task scheduler"] = TaskScheduler.Default,
        ["synchronization context"] = new SynchronizationContext(),
        ["time provider"] = TimeProvider.System,
        ["timer"] = TimeProvider.System.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan),
        ["cancellation"] = new CancellationTokenSource(),
        ["string comparer"] = StringComparer.OrdinalIgnoreCase,
        ["equality comparer"] = EqualityComparer<string>.Default,
        ["comparer"] = Comparer<int>.Default,
        ["time zone"] = TimeZoneInfo.Utc,
        ["regex"] = new Regex("a+"),
        ["domain"] = AppDomain.CurrentDomain,
    };

    [Theory]
    [MemberData(nameof(Shared))]
    public void Shared_things_are_neither_counted_nor_followed(string name)
    {
        object shared = s_shared[name];
        Assert.Equal(0, new ObjectMeasurer().Measure(shared));
        Assert.Equal(s_boxSize, Truth.Measure(new Holder { Content = shared }));
        Assert.Equal(s_boxSize, Truth.Measure(new StrongBox(shared)));
    }

    [Theory]
    [MemberData(nameof(Shared))]
    public void A_value_that_is_not_followed_is_an_estimate_and_told(string name)
    {
        var told = new List<Type>();
        var measurer = new ObjectMeasurer(onEstimated: told.Add);
        Assert.Equal(0, measurer.Measure(s_shared[name], out MeasureNotes notes));
        Assert.Equal(MeasureNotes.NotFollowed | MeasureNotes.Estimated, notes);
        Assert.Equal(1, measurer.EstimatedCount);
        Assert.Equal([s_shared[name].GetType()], told);

        measurer.Measure(new Holder { Content = s_shared[name] }, out notes);
        Assert.Equal(MeasureNotes.None, notes);
    }

    [Fact]
    public void A_container_and_its_scopes_are_neither_counted_nor_followed()
    {
        using ServiceProvider container = new ServiceCollection()
            .AddSingleton(new byte[100_000])
            .AddScoped<List<int>>()
            .BuildServiceProvider();
        using IServiceScope scope = container.CreateScope();
        container.GetRequiredService<byte[]>();
        scope.ServiceProvider.GetRequiredService<List<int>>();

        object[] parts =
        [
            container,
            scope,
            scope.ServiceProvider,
            container.GetRequiredService<IServiceProvider>(),
            container.GetRequiredService<IServiceScopeFactory>(),
        ];
        Assert.All(parts, static part => Assert.Equal(0, new ObjectMeasurer().Measure(part)));
        Assert.All(parts, static part => Assert.Equal(s_boxSize, Truth.Measure(new Holder { Content = part })));
        Assert.InRange(Truth.Measure(container.CreateAsyncScope()), 1, s_boxSize);
    }

    [Fact]
    public void A_token_does_not_lead_to_its_source()
    {
        using var source = new CancellationTokenSource();
        source.Token.Register(static state => _ = state, new byte[100_000]);
        Assert.InRange(Truth.Measure(new List<CancellationToken> { source.Token }), 1, 200);
    }

    [Fact]
    public void The_comparer_of_a_dictionary_does_not_count() =>
        Assert.Equal(
            Truth.Measure(new Dictionary<object, int>(10)),
            Truth.Measure(new Dictionary<string, int>(10, StringComparer.OrdinalIgnoreCase)));

    [Fact]
    public void A_comparer_of_the_users_own_counts() =>
        Assert.True(Truth.Measure(new Dictionary<string, int>(10, new OwnComparer())) > 10_000);

    [Fact]
    public void A_comparer_of_the_users_own_counts_whatever_it_derives_from()
    {
        Assert.True(Truth.Measure(new Dictionary<string, int>(10, new OwnTextComparer())) > 10_000);
        Assert.True(Truth.Measure(new Dictionary<string, int>(10, new OwnEqualityComparer())) > 10_000);
        Assert.True(Truth.Measure(new SortedSet<string>(new OwnOrder())) > 10_000);
        Assert.True(Truth.Measure(new SortedDictionary<string, int>(new OwnOrder())) > 10_000);
        Assert.True(Truth.Measure(new TextHolder(new OwnTextComparer())) > 10_000);
        Assert.Equal(s_boxSize, Truth.Measure(new TextHolder(StringComparer.OrdinalIgnoreCase)));
        Assert.True(new ObjectMeasurer().Measure(new OwnOrder()) > 10_000);
    }

    [Fact]
    public void Caches_of_both_kinds_are_not_followed()
    {
        Assert.True(NotFollowed.Contains(typeof(BoundedByteCache)));
        Assert.True(NotFollowed.Contains(typeof(BoundedMemoryCache)));
        Assert.True(NotFollowed.Contains(typeof(IBoundedCache)));
    }

    /// <summary>A response whose body is not read refers to one, and it to all connections of the client.</summary>
    [Theory]
    [InlineData("System.Net.Http.HttpConnection")]
    [InlineData("System.Net.Http.Http2Connection")]
    public void Connections_of_an_HTTP_client_are_not_followed(string type) =>
        Assert.True(NotFollowed.Contains(typeof(HttpClient).Assembly.GetType(type, throwOnError: true)!));

    [Fact]
    public void A_class_with_a_listed_name_in_another_namespace_counts() =>
        Assert.True(Truth.Measure(new DbContext()) > 1000);

    private sealed class Holder
    {
        public object? Content;
    }

    private sealed class StrongBox(object content)
    {
        public IComparable? Other { get; } = content as IComparable;
    }

    private sealed class DbContext
    {
        public byte[] Data { get; } = new byte[1000];
    }

    private sealed class Provider : IServiceProvider
    {
        private readonly byte[] _services = new byte[100_000];

        public object? GetService(Type serviceType) => _services;
    }

    private sealed record TextHolder(StringComparer Comparer);

    private sealed class OwnTextComparer : StringComparer
    {
        private readonly byte[] _table = new byte[10_000];

        public override int Compare(string? x, string? y) => Ordinal.Compare(x, y);

        public override bool Equals(string? x, string? y) => x == y && _table.Length > 0;

        public override int GetHashCode(string obj) => 0;
    }

    private sealed class OwnEqualityComparer : EqualityComparer<string>
    {
        private readonly byte[] _table = new byte[10_000];

        public override bool Equals(string? x, string? y) => x == y && _table.Length > 0;

        public override int GetHashCode(string obj) => 0;
    }

    private sealed class OwnOrder : Comparer<string>
    {
        private readonly byte[] _table = new byte[10_000];

        public override int Compare(string? x, string? y) => string.CompareOrdinal(x, y) + (_table.Length & 1);
    }

    private sealed class OwnComparer : IEqualityComparer<string>
    {
        private readonly byte[] _table = new byte[10_000];

        public bool Equals(string? x, string? y) => x == y && _table.Length > 0;

        public int GetHashCode(string obj) => 0;
    }
}
