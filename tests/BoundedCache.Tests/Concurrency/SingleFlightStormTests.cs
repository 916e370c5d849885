using System.Collections.Concurrent;
using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Single flight under many callers of few keys: by all overloads, with failures, cancellations, removals, writes and
/// limits that change. Every moment is a number that only rises, so that "before" can be told for sure.
/// </summary>
[Collection(StressTests.Name)]
public sealed class SingleFlightStormTests : IDisposable
{
    private const int Keys = 6;
    private const int AsynchronousCallers = 6;
    private const int SynchronousCallers = 2;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly object[] _keys =
        [.. Enumerable.Range(0, Keys).Select(static i => i % 2 == 0 ? $"key {i}" : (object)i)];
    private readonly int[] _running = new int[Keys];
    private readonly long[] _lastWrite = new long[Keys];
    private readonly ConcurrentQueue<string> _wrong = new();
    private long _moment;
    private long _runs;
    private long _failures;
    private long _cancellations;
    private long _stored;
    private bool _writes;
    private BoundedMemoryCache _cache = null!;

    public void Dispose() => _cache.Dispose();

    /// <summary>Without removals and writes there are never two factories for a key.</summary>
    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public Task One_factory_a_key_runs_at_a_time_and_its_result_reaches_all(EvictionPolicy policy) =>
        StormAsync(calls: 250_000, writes: false, policy);

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public Task After_a_write_nobody_gets_what_was_begun_before_it(EvictionPolicy policy) =>
        StormAsync(calls: 250_000, writes: true, policy);

    [Trait("Category", "Soak")]
    [SoakTheory]
    [InlineData(false, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(false, EvictionPolicy.ScanResistant)]
    [InlineData(true, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(true, EvictionPolicy.ScanResistant)]
    public Task A_million_calls(bool writes, EvictionPolicy policy) => StormAsync(calls: 1_000_000, writes, policy);

    private async Task StormAsync(int calls, bool writes, EvictionPolicy policy)
    {
        _cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = 10_000_000,
            EvictionPolicy = policy,
            ReleaseMode = ReleaseMode.None,
        });
        _writes = writes;
        int callers = AsynchronousCallers + SynchronousCallers;
        int each = calls / callers;
        int done = 0;
        Thread[] threads = [.. Enumerable.Range(0, SynchronousCallers).Select(i => new Thread(() =>
        {
            var random = new Random(i);
            for (int call = 0; call < each; call++)
            {
                CallAsync(random, synchronously: true).GetAwaiter().GetResult();
            }

            Interlocked.Add(ref done, each);
        }) { IsBackground = true })];
        Array.ForEach(threads, static thread => thread.Start());
        Task[] tasks = [.. Enumerable.Range(SynchronousCallers, AsynchronousCallers).Select(i => Task.Run(async () =>
        {
            var random = new Random(i);
            for (int call = 0; call < each; call++)
            {
                await CallAsync(random, synchronously: false);
            }

            Interlocked.Add(ref done, each);
        }))];
        await Task.WhenAll(tasks).WaitAsync(s_patience);
        Assert.All(threads, static thread => Assert.True(thread.Join(s_patience), "a caller hangs"));

        // Factories that were left alone may still run.
        long began = Environment.TickCount64;
        while (_running.Any(static running => running != 0) || _cache.Engine.Pending.Count != 0)
        {
            Assert.True(
                Environment.TickCount64 - began < s_patience.TotalMilliseconds, "a flight is left behind");
            await Task.Yield();
        }

        Assert.True(_wrong.IsEmpty, string.Join('\n', _wrong.Take(5)));
        Assert.Equal(callers * each, done);
        Assert.Empty(_cache.Engine.Pending.Snapshot());
        long[] happened = [_runs, _failures, _cancellations, _stored];
        Assert.All(happened, count => Assert.InRange(count, calls / 1000, calls));
        InvariantChecker.Check(_cache.Engine);
    }

    private async Task CallAsync(Random random, bool synchronously)
    {
        int key = random.Next(Keys);
        int what = random.Next(100);
        if (_writes && what < 10)
        {
            Write(key, what);
            return;
        }

        long written = Volatile.Read(ref _lastWrite[key]);
        long began = Now();
        using CancellationTokenSource? cancel = what is >= 10 and < 40 ? new CancellationTokenSource() : null;
        int plan = random.Next(100);
        try
        {
            Made? made;
            if (synchronously)
            {
                made = _cache.GetOrCreate(_keys[key], entry => Make(entry, key, plan));
            }
            else if (what < 60)
            {
                ValueTask<Made?> call = _cache.GetOrCreateAsync(
                    _keys[key], (entry, token) => MakeAsync(entry, key, plan, token), cancel?.Token ?? default);
                cancel?.Cancel();
                made = await call;
            }
            else
            {
                made = await _cache.GetOrCreateAsync(_keys[key], entry => MakeAsync(entry, key, plan, default));
            }

            Check(made is not null && made.Key == key, "a value of another key");
            Check(
                made!.Ended == 0 || !made.IsWritten || made.Ended > written, "a value that was written before a write");
            Check(made.IsWritten || made.Began > written, $"the result of a factory begun before a write");
            Check(
                made.IsWritten || made.IsStored || made.Receive(Now()) > began, "a result that was not stored, again");
        }
        catch (MadeException failure)
        {
            Check(failure.Made.Key == key, "a failure of another key");
            Check(failure.Made.Receive(Now()) > began, "a failure again");
            Interlocked.Increment(ref _failures);
        }
        catch (OperationCanceledException) when (cancel is { IsCancellationRequested: true })
        {
            Interlocked.Increment(ref _cancellations);
        }
#pragma warning disable CA1031 // Reported by the test.
        catch (Exception other)
#pragma warning restore CA1031
        {
            _wrong.Enqueue(other.ToString());
        }
    }

    private void Write(int key, int what)
    {
        long began = Now();
        if (what < 4)
        {
            _cache.Remove(_keys[key]);
        }
        else if (what == 4)
        {
            _cache.Clear();
            for (int other = 0; other < Keys; other++)
            {
                NoteWrite(other, began);
            }
        }
        else if (what == 5)
        {
            // Evictions and refusals, which are no writes.
            _cache.MaxMemory = _cache.MaxMemory > 300 ? 300 : 10_000_000;
            return;
        }
        else if (what < 9)
        {
            var made = new Made(key, began) { IsWritten = true };
            _cache.Set(_keys[key], made);
            made.Ended = Now();
        }
        else
        {
            _cache.RemoveWhere(other => other.Equals(_keys[key]));
        }

        NoteWrite(key, began);
    }

    private void NoteWrite(int key, long began)
    {
        long last = Volatile.Read(ref _lastWrite[key]);
        while (last < began
            && Interlocked.CompareExchange(ref _lastWrite[key], began, last) is var seen
            && seen != last)
        {
            last = seen;
        }
    }

    private Made Make(ICacheEntry entry, int key, int plan)
    {
        Made made = Begin(key);
        return End(made, entry, plan);
    }

    private async Task<Made> MakeAsync(ICacheEntry entry, int key, int plan, CancellationToken cancellationToken)
    {
        Made made = Begin(key);
        if (plan % 4 != 0)
        {
            await Task.Yield();
        }

        if (plan % 8 == 1 && cancellationToken.IsCancellationRequested)
        {
            End(made, entry, plan: 99);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return End(made, entry, plan);
    }

    private Made Begin(int key)
    {
        Interlocked.Increment(ref _runs);
        Check(Interlocked.Increment(ref _running[key]) == 1 || _writes, "two factories for a key");
        return new Made(key, Now());
    }

    /// <summary>A third fails, a third is not stored, and the rest is.</summary>
    private Made End(Made made, ICacheEntry entry, int plan)
    {
        made.IsStored = plan >= 66;
        if (made.IsStored)
        {
            // Not for long, where nothing else removes it.
            Interlocked.Increment(ref _stored);
            entry.AbsoluteExpirationRelativeToNow = _writes ? null : TimeSpan.FromMicroseconds(20);
        }
        else
        {
            entry.AbsoluteExpiration = DateTimeOffset.UnixEpoch;
        }

        made.Ended = Now();
        Interlocked.Decrement(ref _running[made.Key]);
        return plan < 33 ? throw new MadeException(made) : made;
    }

    private long Now() => Interlocked.Increment(ref _moment);

    private void Check(bool holds, string fault)
    {
        if (!holds)
        {
            _wrong.Enqueue(fault);
        }
    }

    /// <summary>A value, and when its factory or its write began and ended.</summary>
    private sealed class Made(int key, long began)
    {
        private long _ended;
        private long _received;

        public int Key => key;

        public long Began => began;

        public long Ended
        {
            get => Volatile.Read(ref _ended);
            set => Volatile.Write(ref _ended, value);
        }

        public bool IsWritten { get; init; }

        public bool IsStored { get; set; }

        /// <summary>
        /// When it was first received, at the latest: its flight had landed, and nobody may join it any more.
        /// </summary>
        public long Receive(long now) =>
            Interlocked.CompareExchange(ref _received, now, 0) is not 0 and var first ? first : now;
    }

    private sealed class MadeException(Made made) : Exception("A factory fails.")
    {
        public Made Made => made;
    }
}
