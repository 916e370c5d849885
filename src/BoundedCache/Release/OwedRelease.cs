using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// The releases that are owed: asked for, and put off or cut short. One run serves them all. Used only by the
/// releaser's thread, which lives while something is owed.
/// </summary>
/// <remarks>
/// The end of a storm, of a no-GC region, of a collection, of callbacks and of stuck finalizers can be seen, and is
/// waited for without bound. That pins went shows only in a collection, so such a release is tried again a few times,
/// with growing pauses. It holds neither caches nor entries.
/// </remarks>
internal sealed partial class OwedRelease(
    ReleaseThrottle throttle, ReleaseThresholds thresholds, IGarbageCollector collector, Func<bool> areFinalizersStuck)
{
    // Between two tries at least so many times the pause of the last one: they stop the process for 2 % of the time.
    private const int PauseShare = 50;

    // With their age the looks get rarer: callbacks may hang for ever.
    private const int SlowestLook = 10;
    private const int AgeShare = 20;

    private readonly HashSet<Func<TimeSpan, bool>> _heldAtBegin = [];
    private List<Debt> _debts = [];
    private long _leftBytes;
    private long _triedAt;
    private TimeSpan _lastPause;
    private GCReading _lastFull;
    private long _stuckAfter;

    /// <summary>Whether nothing is owed.</summary>
    public bool IsEmpty => _debts.Count == 0;

    /// <summary>Whether a run would bring something now.</summary>
    public bool IsReady => !IsEmpty && !collector.IsInNoGCRegion && _debts.Exists(IsReadyFor);

    /// <summary>
    /// Bytes that earlier runs should have brought and did not, and the next run may bring. A run takes them once.
    /// Those of requests that did not run are the throttle's.
    /// </summary>
    public long TakeLeftBytes()
    {
        long left = IsReady ? _leftBytes : 0;
        _leftBytes -= left;
        return left;
    }

    /// <summary>All that is owed as one request, with the bytes that are left.</summary>
    public ReleaseRequest Take() => new()
    {
        ExpectedBytes = TakeLeftBytes(),
        Mode = _debts.Max(static debt => debt.Request.Mode),
        TrimNative = _debts.Exists(static debt => debt.Request.TrimNative),
        WasDeferred = true,
        ReadCaches = _debts.Find(static debt => debt.Request.ReadCaches is not null)?.Request.ReadCaches,
    };

    /// <summary>The time until it is worth looking again.</summary>
    public TimeSpan NextLook
    {
        get
        {
            TimeSpan look = thresholds.OwedLook;
            TimeSpan age = Stopwatch.GetElapsedTime(_debts.Max(static debt => debt.Since)) / AgeShare;
            look = age > look * SlowestLook ? look * SlowestLook : age > look ? age : look;
            TimeSpan window = throttle.WindowLeft;
            return window > TimeSpan.Zero
                && (window < look || _debts.TrueForAll(static debt => IsForWindow(debt.Obstacle)))
                ? window
                : look;
        }
    }

    /// <summary>Why a release is owed, and that it follows, as a sentence.</summary>
    public static string Announce(ReleaseObstacle obstacle) => obstacle switch
    {
        ReleaseObstacle.Storm or ReleaseObstacle.FullRelease => "A release follows by itself in a moment.",
        ReleaseObstacle.NoGCRegion => "A release follows by itself when the no-GC region has ended.",
        ReleaseObstacle.Callbacks => "A release follows by itself when the eviction callbacks have ended.",
        ReleaseObstacle.Finalizers => "A release follows by itself when the finalizers have run.",
        ReleaseObstacle.SlowCollection => "A release follows by itself when the collection has ended.",
        ReleaseObstacle.Pins => "The release is tried again by itself for a while: pins often last only a moment.",
        _ => "The release is tried again by itself.",
    };

    /// <summary>Notes requests that did not run.</summary>
    public void PutOff(IEnumerable<ReleaseRequest> requests, ReleaseObstacle obstacle)
    {
        foreach (ReleaseRequest request in requests)
        {
            Add(request, []).Obstacle = obstacle;
        }
    }

    /// <summary>
    /// Notes that a run begins to collect: what callbacks hold now it may find alive, also where they end before it.
    /// </summary>
    /// <param name="requests">The requests of callers that it serves beside what is owed.</param>
    public void NoteBegin(IEnumerable<ReleaseRequest> requests)
    {
        _heldAtBegin.UnionWith(_debts.Select(static debt => debt.WaitForCallbacks)
            .Concat(requests.Select(static request => request.WaitForCallbacks))
            .OfType<Func<TimeSpan, bool>>()
            .Where(static wait => !HaveEnded(wait)));
    }

    /// <summary>Notes a run, which served the requests and what was owed, but nothing stronger than itself.</summary>
    /// <param name="requests">The requests of callers, who get the run's result from elsewhere.</param>
    /// <param name="run">What came of it.</param>
    /// <param name="announcement">What the callers are told of what follows, as sentences; may be empty.</param>
    /// <returns>Who is owed a release no longer, with how it ended.</returns>
    public List<(IReleaseObserver Observer, OwedEnd End)> NoteRun(
        IEnumerable<ReleaseRequest> requests, OwedRun run, out string announcement)
    {
        foreach (Debt debt in _debts.Where(debt => run.Serves(debt.Request)))
        {
            debt.Tries++;
        }

        HashSet<Debt> added = [];
        foreach (ReleaseRequest request in requests)
        {
            added.Add(Add(request, added));
        }

        foreach (Debt debt in _debts)
        {
            debt.IsHeld = debt.WaitForCallbacks is { } wait && (_heldAtBegin.Contains(wait) || !HaveEnded(wait));
        }

        _heldAtBegin.Clear();
        _lastPause = run.Pause;
        _lastFull = collector.ReadLastFull();
        _stuckAfter = run.StuckAfter ?? _lastFull.Index;
        _triedAt = Stopwatch.GetTimestamp();
        _leftBytes = ReleaseRequest.AddSaturating(_leftBytes, run.ShortBytes);
        ShareWaits(added, run.Result);
        List<(IReleaseObserver, OwedEnd)> ended = [];
        List<Debt> left = [];
        foreach (Debt debt in _debts)
        {
            ReleaseObstacle before = debt.Obstacle;
            bool isServed = run.Serves(debt.Request);
            debt.Obstacle = debt.IsHeld ? ReleaseObstacle.Callbacks : isServed ? run.Obstacle : before;
            bool isGivenUp = debt.TriesSinceRequest >= thresholds.OwedTries && IsTriedBlindly(debt.Obstacle);
            if (!isServed || (debt.Obstacle != ReleaseObstacle.None && !isGivenUp))
            {
                left.Add(debt);
            }
            else
            {
                TimeSpan owedFor = Stopwatch.GetElapsedTime(debt.Since);
                var end = new OwedEnd(run.Result, owedFor, before, debt.Obstacle, debt.Tries);
                ended.AddRange(debt.ToTell(added.Contains(debt)).Select(observer => (observer, end)));
            }
        }

        _debts = left;
        _leftBytes = IsEmpty ? 0 : _leftBytes;
        announcement = string.Join(
            ' ', left.Where(added.Contains).Select(static debt => Announce(debt.Obstacle)).Distinct());
        return ended;
    }

    /// <summary>Tells the first observer that is still there of a run after which the release is still owed.</summary>
    public void TellOne(ReleaseResult? result, Exception? failure)
    {
        foreach (Debt debt in _debts)
        {
            if (debt.Request.Observer?.OnTried(result, failure) == true)
            {
                return;
            }
        }
    }

    /// <summary>
    /// Where a run of several callers fell short because of the callbacks of one, the shared result says so to all of
    /// them, and the one that is better is owed to all.
    /// </summary>
    private static void ShareWaits(HashSet<Debt> added, ReleaseResult result)
    {
        Func<TimeSpan, bool>[] waits =
            [.. added.Where(static debt => debt.IsHeld).Select(static debt => debt.WaitForCallbacks!)];
        if (waits.Length == 0 || result.Outcome == ReleaseOutcome.Released)
        {
            return;
        }

        foreach (Debt debt in added)
        {
            debt.WaitForCallbacks = timeout => Array.TrueForAll(waits, wait => wait(timeout));
            debt.IsHeld = true;
        }
    }

    /// <param name="request">The request.</param>
    /// <param name="added">What was added for the same run, whose callers get the result from elsewhere.</param>
    private Debt Add(ReleaseRequest request, HashSet<Debt> added)
    {
        var debt = new Debt(request with { Baseline = null }, Stopwatch.GetTimestamp());
        int known = request.Observer is { } observer
            ? _debts.FindIndex(other => ReferenceEquals(other.Request.Observer?.Key, observer.Key))
            : -1;
        if (known >= 0)
        {
            _debts[known] = debt = debt.After(_debts[known], added.Contains(_debts[known]));
        }
        else
        {
            _debts.Add(debt);
        }

        return debt;
    }

    private bool IsReadyFor(Debt debt) => debt.Obstacle switch
    {
        ReleaseObstacle.Storm or ReleaseObstacle.FullRelease => throttle.WindowLeft == TimeSpan.Zero,
        ReleaseObstacle.NoGCRegion => true,
        ReleaseObstacle.SlowCollection => collector.ReadLastFull().Index > _stuckAfter,
        ReleaseObstacle.Callbacks => HaveCallbacksEnded(debt),
        ReleaseObstacle.Finalizers when areFinalizersStuck() => false,
        ReleaseObstacle.Pins when HavePinsGone() => IsTimeToTry(1),
        _ => IsTimeToTry(debt.TriesSinceRequest + 1),
    };

    private static bool IsForWindow(ReleaseObstacle obstacle) =>
        obstacle is ReleaseObstacle.Storm or ReleaseObstacle.FullRelease;

    private bool IsTimeToTry(int pauses)
    {
        TimeSpan passed = Stopwatch.GetElapsedTime(_triedAt);
        return passed >= thresholds.OwedRetry * pauses && passed >= _lastPause * PauseShare;
    }

    private bool HavePinsGone()
    {
        GCReading full = collector.ReadLastFull();
        return full.Index > _lastFull.Index && full.PinnedObjects < _lastFull.PinnedObjects / 2;
    }

    private bool IsTriedBlindly(ReleaseObstacle obstacle) =>
        obstacle is ReleaseObstacle.Pins or ReleaseObstacle.Failure
        || (obstacle is ReleaseObstacle.Finalizers && !areFinalizersStuck());

    private static bool HaveCallbacksEnded(Debt debt)
    {
        if (debt.WaitForCallbacks is { } wait && HaveEnded(wait))
        {
            debt.WaitForCallbacks = null;
        }

        return debt.WaitForCallbacks is null;
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "Whoever waits so is not waited for; the release must go on.")]
    private static bool HaveEnded(Func<TimeSpan, bool> wait)
    {
        try
        {
            return wait(TimeSpan.Zero);
        }
        catch (Exception)
        {
            return true;
        }
    }
}
