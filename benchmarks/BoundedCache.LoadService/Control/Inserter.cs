using System.Diagnostics;
using System.Globalization;
using BoundedCache.LoadService.Items;
using BoundedCache.LoadService.Peers;

namespace BoundedCache.LoadService.Control;

/// <summary>
/// New entries from within the service: many at once to fill the cache, or so many a second on a thread of their own,
/// none of which anybody will ask for.
/// </summary>
internal sealed class Inserter(IItemCache cache) : IDisposable
{
    private const int FillersAtOnce = 32;

    /// <summary>After so many items a filler lets requests have its thread.</summary>
    private const int ItemsInARow = 16;

    private readonly CancellationTokenSource _stop = new();
    private Thread? _thread;
    private long _inserted;

    /// <summary>Entries inserted at a rate so far.</summary>
    public long Inserted => Volatile.Read(ref _inserted);

    /// <summary>Stores the first <paramref name="items"/> items, as fast as it goes beside requests.</summary>
    /// <remarks>
    /// A cache in this process has stored an item when its call returns, so waiting for it frees no thread. Fillers
    /// that kept theirs would hold up all requests until the cache is full, whatever the cache does.
    /// </remarks>
    public async Task FillAsync(long items, CancellationToken cancellationToken)
    {
        long next = -1;
        await Task.WhenAll(Enumerable.Range(0, FillersAtOnce).Select(_ => Task.Run(
            async () =>
            {
                for (int done = 1; Interlocked.Increment(ref next) is var id && id < items; done++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await cache.SetAsync(ItemSource.Key(id), ItemSource.Make(id));
                    if (done % ItemsInARow == 0)
                    {
                        await Task.Yield();
                    }
                }
            },
            cancellationToken)));
    }

    /// <summary>Stores so many new entries a second from now on, until the service ends.</summary>
    /// <param name="perSecond">How many.</param>
    /// <param name="mostBytes">The largest of them, in bytes; 0 for the usual size.</param>
    /// <exception cref="InvalidOperationException">That has begun already.</exception>
    public void Start(int perSecond, int mostBytes)
    {
        var thread = new Thread(() => Insert(perSecond, mostBytes)) { IsBackground = true, Name = "inserts" };
        if (Interlocked.CompareExchange(ref _thread, thread, null) is not null)
        {
            throw new InvalidOperationException("Entries are inserted already.");
        }

        thread.Start();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _thread?.Join();
        _stop.Dispose();
    }

    /// <remarks>
    /// What was missed during a collector's pause is caught up with, as a queue of requests would be.
    /// </remarks>
    private void Insert(int perSecond, int mostBytes)
    {
        long started = Stopwatch.GetTimestamp();
        for (long count = 0; !_stop.IsCancellationRequested;)
        {
            long due = (long)(Stopwatch.GetElapsedTime(started).TotalSeconds * perSecond);
            for (; count < due && !_stop.IsCancellationRequested; count++)
            {
                byte[] item = mostBytes == 0 ? ItemSource.Make(count) : ItemSource.MakeUpTo(mostBytes, count);
                cache.SetAsync(string.Create(CultureInfo.InvariantCulture, $"new:{count:d9}"), item)
                    .AsTask().GetAwaiter().GetResult();
                Volatile.Write(ref _inserted, count + 1);
            }

            _stop.Token.WaitHandle.WaitOne(1);
        }
    }
}
