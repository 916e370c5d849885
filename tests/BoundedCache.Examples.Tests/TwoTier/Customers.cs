using System.Diagnostics;

namespace BoundedCache.Examples.Tests.TwoTier;

/// <summary>
/// Clients that ask a node for products at random, one after the other, and check each answer. A request that fails
/// ends them.
/// </summary>
internal sealed class Customers : IAsyncDisposable
{
    private readonly CancellationTokenSource _enough = new();
    private readonly TwoTierNode _node;
    private readonly int _products;
    private readonly Task[] _clients;
    private long _answers;
    private long _longest;

    public Customers(TwoTierNode node, int products, int clients)
    {
        (_node, _products) = (node, products);
        _clients = [.. Enumerable.Range(0, clients).Select(client => Task.Run(() => BuyAsync(client)))];
    }

    /// <summary>The longest that an answer took since this was asked for last.</summary>
    public TimeSpan TakeLongest() => Stopwatch.GetElapsedTime(0, Interlocked.Exchange(ref _longest, 0));

    /// <summary>Waits until so many more answers came.</summary>
    public async Task HaveAsync(int more)
    {
        long wanted = Interlocked.Read(ref _answers) + more;
        await Until.HoldsAsync(
            $"{more} more answers",
            async () =>
            {
                await ThrowIfFailedAsync();
                return Interlocked.Read(ref _answers) >= wanted;
            },
            () => $"{wanted - Interlocked.Read(ref _answers)} are missing. The node logged:\n{_node.Output}");
    }

    /// <summary>Ends them; throws what went wrong.</summary>
    public async Task EndAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_clients);
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_clients).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _enough.Dispose();
    }

    private async Task ThrowIfFailedAsync()
    {
        if (Array.Find(_clients, static client => client.IsFaulted) is { } failed)
        {
            await failed;
        }
    }

    private async Task BuyAsync(int client)
    {
        var random = new Random(client);
        while (!_enough.IsCancellationRequested)
        {
            long started = Stopwatch.GetTimestamp();
            await _node.AssertRightAsync(random.Next(1, _products + 1));
            long took = Stopwatch.GetTimestamp() - started;
            long seen;
            do
            {
                seen = Interlocked.Read(ref _longest);
            }
            while (took > seen && Interlocked.CompareExchange(ref _longest, took, seen) != seen);

            Interlocked.Increment(ref _answers);
        }
    }
}
