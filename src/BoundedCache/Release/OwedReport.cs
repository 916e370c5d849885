using System.Diagnostics;
using System.Globalization;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>Who is told of a release that was owed to it. Called on a thread that may be held up.</summary>
internal interface IReleaseObserver
{
    /// <summary>
    /// The same for all observers of one cache. Of these only the newest is told, and the newest of a shrink.
    /// </summary>
    object Key { get; }

    /// <summary>Whether it was asked for by setting a limit.</summary>
    bool IsShrink { get; }

    /// <summary>A run ended, or failed, and the release is still owed.</summary>
    /// <returns>Whether there is still somebody to tell; otherwise another observer is told.</returns>
    bool OnTried(ReleaseResult? result, Exception? failure);

    /// <summary>The release is owed no longer.</summary>
    void OnEnded(OwedEnd end);
}

/// <summary>How a release ended that was owed.</summary>
/// <param name="Result">The last run.</param>
/// <param name="OwedFor">The time since it was first asked for.</param>
/// <param name="Obstacle">Why it was owed.</param>
/// <param name="Left">What still keeps it from its job; then it was given up.</param>
/// <param name="Tries">How often it was tried, where it was given up.</param>
internal sealed record OwedEnd(
    ReleaseResult Result, TimeSpan OwedFor, ReleaseObstacle Obstacle, ReleaseObstacle Left, int Tries)
{
    /// <summary>The result's reason, and that the release was owed.</summary>
    public string Reason
    {
        get
        {
            if (Obstacle is ReleaseObstacle.None or ReleaseObstacle.Cancelled)
            {
                return Result.Reason;
            }

            string end = Left == ReleaseObstacle.None ? "" : $" It was tried {Tries} times, and is tried no more.";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{Result.Reason} This release was owed for {OwedFor.TotalSeconds:0.0} s: {Explain(Obstacle)}.{end}");
        }
    }

    private static string Explain(ReleaseObstacle obstacle) => obstacle switch
    {
        ReleaseObstacle.Storm => "memory had been released a moment before",
        ReleaseObstacle.FullRelease => "a full release was asked for meanwhile",
        ReleaseObstacle.NoGCRegion => "the process was in a no-GC region",
        ReleaseObstacle.SlowCollection => "a background collection had not ended",
        ReleaseObstacle.Callbacks => "eviction callbacks had not ended",
        ReleaseObstacle.Finalizers => "finalizers had not run",
        ReleaseObstacle.Pins => "pinned objects held the emptied heap",
        _ => "an earlier try failed",
    };
}

/// <summary>
/// Makes the later reports of one operation, whose release was owed, or whose caller did not wait. Holds the cache
/// weakly. Thread-safe.
/// </summary>
/// <remarks>
/// The release may end before the operation has reported. Its report must come after that one, so that it is the last.
/// Lock: <c>_lock</c> guards the fields; nothing runs under it.
/// </remarks>
/// <param name="self">The cache.</param>
/// <param name="report">The operation's report, without what only the release tells.</param>
/// <param name="started">When the operation began, as a stopwatch's timestamp.</param>
/// <param name="isShrink">Whether the operation set the limit.</param>
internal sealed class OwedReport(
    WeakReference<ShrinkOperation.ICache> self, ShrinkReport report, long started, bool isShrink) : IReleaseObserver
{
    private readonly Lock _lock = new();
    private List<OwedEnd>? _held = [];

    public object Key => self;

    public bool IsShrink => isShrink;

    /// <summary>Adds to a report what the release and the cache tell now.</summary>
    /// <remarks>Its own reason is the beginning of a sentence, and its own advice is about the limit.</remarks>
    public static ShrinkReport Complete(
        ShrinkReport report, ShrinkOperation.ICache cache, ReleaseResult release, long started) => report with
        {
            UsedMemory = cache.Engine.UsedBytes,
            Count = cache.Engine.Count,
            TotalTime = Stopwatch.GetElapsedTime(started),
            GCPause = release.GCPause,
            LongestGCPause = release.LongestPause,
            Collections = release.Collections,
            Outcome = release.Outcome,
            Reason = report.Reason + release.Reason,
            Advice = report.Advice.Count == 0 ? release.Advice : [.. release.Advice, .. report.Advice],
            After = release.After,
        };

    /// <summary>The operation has reported, or its caller gave up: from now on reports go out at once.</summary>
    public void Open()
    {
        List<OwedEnd>? held;
        using (_lock.EnterAlways())
        {
            (held, _held) = (_held, null);
        }

        foreach (OwedEnd end in held ?? [])
        {
            Deliver(end);
        }
    }

    public bool OnTried(ReleaseResult? result, Exception? failure)
    {
        if (!self.TryGetTarget(out ShrinkOperation.ICache? cache))
        {
            return false;
        }

        cache.Releaser.Threads.Run(() =>
        {
            if (result is not null)
            {
                cache.OnReleased(result);
            }

            if (failure is not null)
            {
                cache.OnOwedFailure(failure);
            }
        });
        return true;
    }

    public void OnEnded(OwedEnd end)
    {
        using (_lock.EnterAlways())
        {
            if (_held is not null)
            {
                _held.Add(end);
                return;
            }
        }

        Deliver(end);
    }

    private void Deliver(OwedEnd end)
    {
        if (!self.TryGetTarget(out ShrinkOperation.ICache? cache))
        {
            return;
        }

        ShrinkReport made = Complete(report, cache, end.Result, started) with
        {
            Reason = report.Reason + end.Reason,
            IsGivenUp = end.Left != ReleaseObstacle.None,
        };
        if (end.Obstacle == ReleaseObstacle.Cancelled)
        {
            cache.OnReleased(end.Result);
            cache.OnReport(made, isShrink);
        }
        else
        {
            cache.OnOwedReport(made, end);
        }
    }
}
