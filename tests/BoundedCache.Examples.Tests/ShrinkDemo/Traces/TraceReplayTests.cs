using BoundedCache.Examples.Tests.ShrinkDemo.Support;
using BoundedCache.ShrinkDemo;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Traces;
using BoundedCache.ShrinkDemo.Workloads;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Traces;

public sealed class TraceReplayTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Hits_and_bytes_are_counted()
    {
        (TraceResult result, AccessLedger ledger) = Replay("a 100\nb 300\na 100\na 100\n", new FakeCache());

        Assert.Equal((4, 2, 600, 200), (result.Requests, result.Hits, result.RequestedBytes, result.HitBytes));
        Assert.Equal(0.5, result.HitRatio);
        Assert.Equal(200.0 / 600, result.ByteHitRatio);
        Assert.Equal(2, ledger.Writes);
        Assert.Equal(0, ledger.Wrong);
    }

    [Fact]
    public void A_value_larger_than_the_limit_is_counted_and_not_made()
    {
        (TraceResult result, AccessLedger ledger) = Replay(
            "huge 5000000000000\nb 10\n", new FakeCache { LimitBytes = 1000 });

        Assert.Equal(2, result.Requests);
        Assert.Equal(1, ledger.TooLarge);
        Assert.Equal(1, ledger.Writes);
    }

    [Fact]
    public void Another_keys_value_is_found_out()
    {
        byte[] other = StampedValue.Create(100, 42);

        (_, AccessLedger ledger) = Replay("a 100\na 100\n", new FakeCache { Returns = _ => other });

        Assert.Equal(2, ledger.Wrong);
    }

    [Fact]
    public void A_trace_without_requests_is_refused() =>
        Assert.Contains(
            "holds no requests",
            Assert.Throws<DemoException>(() => Replay("# nothing\n", new FakeCache())).Message,
            StringComparison.Ordinal);

    private (TraceResult Result, AccessLedger Ledger) Replay(string trace, FakeCache cache)
    {
        var replay = new TraceReplay(_directory.Write("trace", trace));
        var ledger = new AccessLedger(cache);
        replay.Run(ledger, _ => { }, CancellationToken.None);
        return (replay.Result, ledger);
    }
}
