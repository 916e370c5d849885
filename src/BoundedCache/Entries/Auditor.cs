using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using BoundedCache.Process;

namespace BoundedCache.Entries;

/// <summary>
/// The one thread of the process that measures values again, for all caches in turn. It starts with the first cache
/// that joins, holds caches weakly, and ends with the last. Thread-safe.
/// </summary>
/// <remarks>
/// Two kinds of work have budgets of their own. Values that were finished are measured soon: a quarter of a processor
/// at most, since the application makes no more of them than it stores. Laps over the tables take the share of a
/// processor that the cache's options say, and rest while nothing uses the cache.
/// </remarks>
/// <param name="hasThread">False for tests, which drive the caches by hand.</param>
/// <param name="start">Starts the thread; null for what the runtime does.</param>
[SuppressMessage(
    "Design", "CA1001", Justification = "Lives as long as the process, or a test.")]
internal sealed class Auditor(bool hasThread = true, Action<Thread>? start = null)
{
    /// <summary>The share of a processor for values that were finished.</summary>
    private const double FinishedShare = 0.25;

    private static readonly TimeSpan s_finishedSlice = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_lapSlice = TimeSpan.FromMilliseconds(2);

    /// <summary>How often it looks whether a lap is due while there is nothing else to do.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>Even after a graph of gigabytes, and where the share is tiny.</summary>
    private static readonly TimeSpan s_longestRest = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly WeakList<CacheAudit> _caches = new();
    private readonly ManualResetEventSlim _asked = new();
    private bool _isRunning;
    private long _failedAt;

    // Only the thread uses what follows. Each kind of work has a turn of its own: with one for both, one of two caches
    // would get no laps while there is always something that is finished.
    private int _finishedTurn;
    private int _lapTurn;

    // The last piece of each kind of work: how long it took, and when it ended, as a stopwatch's timestamp.
    private (double Seconds, long End) _finishedPiece;
    private (double Seconds, long End) _lapPiece;

    // The thread's work up to the last piece's end. What it does between pieces counts as part of the next one.
    private TimeSpan _workedUntil;
    private TimeSpan _compiledUntil;
    private SpreadWork _compiling;

    /// <summary>The auditor of this process.</summary>
    public static Auditor Shared { get; } = new();

    /// <summary>Whether the thread runs. For tests.</summary>
    internal bool IsRunning
    {
        get
        {
            lock (_lock)
            {
                return _isRunning;
            }
        }
    }

    /// <summary>Adds a cache, once.</summary>
    /// <returns>
    /// False where there is no memory for it or for the thread: the caller tries again with a later store.
    /// </returns>
    public bool TryJoin(CacheAudit cache)
    {
        using (_lock.EnterAlways())
        {
            if (_failedAt != 0 && Stopwatch.GetElapsedTime(_failedAt) < s_look)
            {
                // Every store may ask.
                return false;
            }

            try
            {
                if (!_isRunning && hasThread)
                {
                    Start_NeedsLock();
                }

                _caches.Add(cache);
                return true;
            }
            catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
            {
                _failedAt = Stopwatch.GetTimestamp();
                return false;
            }
        }
    }

    /// <summary>Removes a cache that is disposed.</summary>
    public void Leave(CacheAudit cache)
    {
        using (_lock.EnterAlways())
        {
            _caches.Remove(cache);
        }

        Wake();
    }

    /// <summary>Tells the thread that a value was finished. Does not wait, and never throws.</summary>
    public void Wake()
    {
        try
        {
            _asked.Set();
        }
        catch (ThreadInterruptedException)
        {
            // It is set, and the thread sees it after a second at most.
            Thread.CurrentThread.Interrupt();
        }
        catch (OutOfMemoryException)
        {
            // The same.
        }
    }

    private void Start_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        var thread = new Thread(Run)
        {
            IsBackground = true,
            Name = "BoundedCache audit",
            Priority = ThreadPriority.BelowNormal,
        };

        // UnsafeStart: the thread outlives the caller's request, and must not carry its ExecutionContext.
        (start ?? (static thread => thread.UnsafeStart()))(thread);
        _isRunning = true;
    }

    [SuppressMessage(
        "ApiDesign", "RS0030", Justification = "It waits for nothing: it tries again where memory ran out.")]
    private void Run()
    {
        (_workedUntil, _compiledUntil) = (ThreadWork.Now, JitInfo.GetCompilationTime(currentThread: true));

        // The rest comes before the first slice too: a share is never exceeded by one.
        _lapPiece = (s_lapSlice.TotalSeconds, Stopwatch.GetTimestamp());
        bool goesOn = true;
        while (goesOn)
        {
            try
            {
                goesOn = TakeTurnAndRest();
            }
            catch (OutOfMemoryException)
            {
                // It would end the process.
                Thread.Sleep(s_look);
            }
        }
    }

    private bool TakeTurnAndRest()
    {
        if (TakeTurn() is not { } rest)
        {
            return false;
        }

        // Rounded up: the wait cuts off what is less than a millisecond, and the loop would spin.
        _asked.Wait(TimeSpan.FromMilliseconds(Math.Ceiling(rest.TotalMilliseconds)));
        _workedUntil = ThreadWork.IsOfThread ? _workedUntil : ThreadWork.Now;
        _asked.Reset();
        return true;
    }

    /// <summary>One piece of work. Not inlined: no cache may stay on the stack while the thread rests.</summary>
    /// <returns>How long to rest; null where no cache is left, and the thread ends.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal TimeSpan? TakeTurn()
    {
        List<CacheAudit> caches;
        lock (_lock)
        {
            caches = _caches.ToList();
            if (caches.Count == 0)
            {
                // Under the lock that Join takes: either it sees that no thread runs, or this sees its cache.
                _isRunning = false;
                return null;
            }
        }

        TimeSpan rest = s_look;
        if (Next(caches, ref _finishedTurn, static cache => cache.HasFinished) is { } finished)
        {
            rest = Min(rest, WorkOrRest(
                finished, static cache => cache.MeasureFinished(s_finishedSlice), FinishedShare, ref _finishedPiece));
        }

        if (Next(caches, ref _lapTurn, static cache => cache.IsLapDue) is { } due)
        {
            // Not by the share of the cache that worked last: a tiny one would make all the others rest.
            double share = caches.Max(cache => cache == due || cache.IsLapDue ? cache.Share : 0);
            rest = Min(rest, WorkOrRest(due, static cache => cache.GoOn(s_lapSlice), share, ref _lapPiece));
        }

        return rest;
    }

    /// <summary>The next cache, in turn, that has work of a kind.</summary>
    private static CacheAudit? Next(List<CacheAudit> caches, ref int turn, Predicate<CacheAudit> hasWork)
    {
        for (int i = 0; i < caches.Count; i++)
        {
            CacheAudit cache = caches[(int)((uint)++turn % (uint)caches.Count)];
            if (hasWork(cache))
            {
                return cache;
            }
        }

        return null;
    }

    /// <summary>Does a piece of work, unless the one before it took more than the share allows yet.</summary>
    /// <returns>How long this kind of work has to rest.</returns>
    private TimeSpan WorkOrRest(
        CacheAudit cache, Action<CacheAudit> work, double share, ref (double Seconds, long End) piece)
    {
        TimeSpan rest = RestAfter(in piece, share);
        if (rest > TimeSpan.Zero)
        {
            return rest;
        }

        Work(cache, work);
        piece = (WorkedSeconds(), Stopwatch.GetTimestamp());
        return RestAfter(in piece, share);
    }

    private static TimeSpan RestAfter(in (double Seconds, long End) piece, double share)
    {
        double all = Math.Min(s_longestRest.TotalSeconds, piece.Seconds * (1 - share) / share);
        var rest = TimeSpan.FromSeconds(all) - Stopwatch.GetElapsedTime(piece.End);
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "An exception of this thread would end the process. It is logged.")]
    private static void Work(CacheAudit cache, Action<CacheAudit> work)
    {
        try
        {
            work(cache);
        }
        catch (Exception exception)
        {
            cache.OnFailed(exception);
        }
    }

    /// <summary>Seconds of work since the last call, with a part of what is still owed for compiling.</summary>
    private double WorkedSeconds()
    {
        (TimeSpan now, TimeSpan compiled) = (ThreadWork.Now, JitInfo.GetCompilationTime(currentThread: true));
        double compiling = (compiled - _compiledUntil).TotalSeconds;
        double worked = Math.Max(0, (now - _workedUntil).TotalSeconds - compiling);
        (_workedUntil, _compiledUntil) = (now, compiled);
        return worked + _compiling.Spread(compiling, worked);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
