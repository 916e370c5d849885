using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>What one eviction callback was told.</summary>
public sealed record Departure(object Key, object? Value, EvictionReason Reason, object? State = null);

/// <summary>
/// A record of what eviction callbacks were told, in the order in which they ran. They run on other threads, so a test
/// takes as many as it expects.
/// </summary>
public sealed class Departures
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private readonly object _lock = new();
    private readonly List<Departure> _all = [];
    private int _taken;

    public void Record(object key, object? value, EvictionReason reason, object? state)
    {
        lock (_lock)
        {
            _all.Add(new Departure(key, value, reason, state));
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>The next departures, waited for, in the order of their keys.</summary>
    public Departure[] Take(int count) =>
        [.. TakeInOrder(count)
            .OrderBy(static departure => departure.Key.ToString(), StringComparer.Ordinal)
            .ThenBy(static departure => departure.Reason)];

    public Departure TakeOne() => TakeInOrder(1)[0];

    /// <summary>The next departures, waited for, in the order in which their callbacks ran.</summary>
    public Departure[] TakeInOrder(int count)
    {
        lock (_lock)
        {
            while (_all.Count < _taken + count)
            {
                Assert.True(
                    Monitor.Wait(_lock, s_limit), $"{_all.Count - _taken} callbacks ran, {count} were expected");
            }

            Departure[] taken = [.. _all.Skip(_taken).Take(count)];
            _taken += count;
            return taken;
        }
    }

    /// <summary>
    /// Checks that no callback ran that was not taken, after everything that is queued on the pool had its turn.
    /// </summary>
    public void AssertNoMore()
    {
        // The pool's queue is first in, first out: what was queued before these has begun when the last of them runs.
        for (int i = 0; i < 3; i++)
        {
            using var turn = new CountdownEvent(Environment.ProcessorCount * 4);
            for (int n = turn.InitialCount; n > 0; n--)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static turn => turn.Signal(), turn, preferLocal: false);
            }

            Assert.True(turn.Wait(s_limit), "the thread pool is stuck");
        }

        lock (_lock)
        {
            Assert.Empty(_all.Skip(_taken));
        }
    }
}
