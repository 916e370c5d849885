using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Release;

/// <summary>What one run of the <see cref="MemoryReleaser"/> did, shared by all requests that it served.</summary>
internal sealed record ReleaseResult
{
    // An object, so that a copy of the record is the same run.
    private readonly StrongBox<int> _claimed = new();

    /// <summary>How the run ended.</summary>
    public required ReleaseOutcome Outcome { get; init; }

    /// <summary>Why the outcome is what it is, as a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>
    /// What holds memory that should have left the process, and what to do about it, as sentences; may be empty.
    /// </summary>
    public required IReadOnlyList<string> Advice { get; init; }

    /// <summary>The process before the first collection.</summary>
    public required ProcessMemorySnapshot Before { get; init; }

    /// <summary>The process after the last collection.</summary>
    public required ProcessMemorySnapshot After { get; init; }

    /// <summary>Time for which the run's own collections stopped the managed threads.</summary>
    public required TimeSpan GCPause { get; init; }

    /// <summary>The longest time for which one collection of the run stopped the managed threads.</summary>
    public TimeSpan LongestPause { get; init; }

    /// <summary>Whether it ended before all its steps, so that another one may bring more.</summary>
    public bool EndedEarly { get; init; }

    /// <summary>Blocking collections of the whole heap that the run requested: 0, 1 or 2.</summary>
    public required int Collections { get; init; }

    /// <summary>Time of the run. It includes settling, and not the wait for earlier runs.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The result of a run that collected nothing.</summary>
    /// <param name="outcome">Skipped or not requested.</param>
    /// <param name="reason">Why, as a sentence.</param>
    /// <param name="before">The process before.</param>
    /// <param name="after">The process now.</param>
    /// <param name="startedAt">A stopwatch's timestamp.</param>
    public static ReleaseResult None(
        ReleaseOutcome outcome,
        string reason,
        ProcessMemorySnapshot before,
        ProcessMemorySnapshot after,
        long startedAt) => new()
        {
            Outcome = outcome,
            Reason = reason,
            Advice = [],
            Before = before,
            After = after,
            GCPause = TimeSpan.Zero,
            Collections = 0,
            Duration = Stopwatch.GetElapsedTime(startedAt),
        };

    /// <summary>
    /// Whether the caller is the first to count this run. Several caches that it served must not count its pause again.
    /// </summary>
    public bool TryClaim() => Interlocked.Exchange(ref _claimed.Value, 1) == 0;
}
