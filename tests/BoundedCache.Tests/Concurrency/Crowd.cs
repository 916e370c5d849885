using System.Diagnostics;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Threads that each repeat one step, all at once, until the time is up or one of them fails. The failure
/// says after how long and how many operations it came: this shows how fast the tests notice
/// when a guard is removed from the engine.
/// </summary>
internal sealed class Crowd
{
    private readonly List<(string Name, Action<Random> Step)> _members = [];
    private readonly int _seed = Random.Shared.Next();
    private long _operations;
    private (string Who, Exception What)? _failure;
    private volatile bool _stop;

    /// <summary>Whether the threads should end; long steps check it.</summary>
    public bool IsStopping => _stop;

    /// <summary>Adds a thread.</summary>
    public Crowd Add(string name, Action<Random> step)
    {
        _members.Add((name, step));
        return this;
    }

    /// <summary>Adds threads; each gets its number, from 0.</summary>
    public Crowd Add(string name, int count, Func<int, Action<Random>> makeStep)
    {
        for (int i = 0; i < count; i++)
        {
            Add($"{name} {i}", makeStep(i));
        }

        return this;
    }

    /// <summary>Starts all threads together and returns when all have ended. Throws the first failure.</summary>
    public void Run(TimeSpan duration)
    {
        using var start = new Barrier(_members.Count + 1);
        Thread[] threads = [.. _members.Select((member, i) =>
            new Thread(() => Work(member.Name, member.Step, new Random(_seed + i), start))
            {
                IsBackground = true,
                Name = member.Name,
            })];
        Array.ForEach(threads, static thread => thread.Start());
        start.SignalAndWait();
        long began = Stopwatch.GetTimestamp();
        while (!_stop && Stopwatch.GetElapsedTime(began) is var elapsed && elapsed < duration)
        {
            lock (_members)
            {
                Monitor.Wait(_members, duration - elapsed);
            }
        }

        _stop = true;
        TimeSpan ran = Stopwatch.GetElapsedTime(began);
        foreach (Thread thread in threads)
        {
            if (!thread.Join(TimeSpan.FromMinutes(1)))
            {
                throw new TimeoutException($"'{thread.Name}' hangs; seed {_seed}, "
                    + $"{Interlocked.Read(ref _operations):N0} operations. {_failure}");
            }
        }

        if (_failure is { } failure)
        {
            throw new InvalidOperationException(
                $"{failure.Who} failed after {ran.TotalSeconds:F2} s and {_operations:N0} operations (seed {_seed}): "
                    + $"{failure.What.Message}",
                failure.What);
        }
    }

    private void Work(string name, Action<Random> step, Random random, Barrier start)
    {
        start.SignalAndWait();
        long done = 0;
        try
        {
            for (; !_stop; done++)
            {
                step(random);
            }
        }
#pragma warning disable CA1031 // Carried to the test.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            lock (_members)
            {
                _failure ??= (name, failure);
                _stop = true;
                Monitor.PulseAll(_members);
            }
        }

        Interlocked.Add(ref _operations, done);
    }
}
