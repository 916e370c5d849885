using BoundedCache.Release;

namespace BoundedCache.MemoryScenarios;

/// <summary>
/// What a scenario came to, in bytes; travels from the child process to the test as one line of JSON.
/// </summary>
internal sealed record ScenarioResult
{
    /// <summary>Anonymous resident bytes of the process before anything was allocated.</summary>
    public long EmptyBytes { get; init; }

    /// <summary>Anonymous resident bytes before the release.</summary>
    public long BeforeBytes { get; init; }

    /// <summary>Anonymous resident bytes when all was done.</summary>
    public long AfterBytes { get; init; }

    /// <summary>Bytes that the scenario means to keep alive, by its own arithmetic and not by a measurement.</summary>
    public long LiveBytes { get; init; }

    /// <summary>The release's outcome.</summary>
    public ReleaseOutcome Outcome { get; init; }

    /// <summary>The release's reason.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The release's advice.</summary>
    public IReadOnlyList<string> Advice { get; init; } = [];

    /// <summary>Collections that the release asked for.</summary>
    public int Collections { get; init; }

    /// <summary>The release's pause.</summary>
    public double PauseMilliseconds { get; init; }

    /// <summary>The release's time.</summary>
    public double DurationMilliseconds { get; init; }

    /// <summary>What an earlier step of the same scenario came to.</summary>
    public ScenarioResult? Earlier { get; init; }

    /// <summary>Further figures of one scenario, by name.</summary>
    public Dictionary<string, double> Figures { get; init; } = [];

    /// <summary>Anonymous resident bytes above the empty process.</summary>
    public long AboveEmptyBytes => AfterBytes - EmptyBytes;

    public static ScenarioResult From(ProcessMemorySnapshot empty, long liveBytes, ReleaseResult release) => new()
    {
        EmptyBytes = Anonymous(empty),
        BeforeBytes = Anonymous(release.Before),
        AfterBytes = Anonymous(release.After),
        LiveBytes = liveBytes,
        Outcome = release.Outcome,
        Reason = release.Reason,
        Advice = release.Advice,
        Collections = release.Collections,
        PauseMilliseconds = release.GCPause.TotalMilliseconds,
        DurationMilliseconds = release.Duration.TotalMilliseconds,
    };

    public static ScenarioResult From(ProcessMemorySnapshot empty, long liveBytes, ShrinkReport report) => new()
    {
        EmptyBytes = Anonymous(empty),
        BeforeBytes = Anonymous(report.Before),
        AfterBytes = Anonymous(report.After),
        LiveBytes = liveBytes,
        Outcome = report.Outcome,
        Reason = report.Reason,
        Advice = report.Advice,
        Collections = report.Collections,
        PauseMilliseconds = report.GCPause.TotalMilliseconds,
        DurationMilliseconds = report.TotalTime.TotalMilliseconds,
        Figures = new Dictionary<string, double>
        {
            ["entriesEvicted"] = report.EntriesEvicted,
            ["bytesEvicted"] = report.BytesEvicted,
            ["oldMaxBytes"] = report.OldMaxMemory,
            ["newMaxBytes"] = report.NewMaxMemory,
        },
    };

    public static long Anonymous(ProcessMemorySnapshot snapshot) => snapshot.AnonymousBytes ?? snapshot.ResidentBytes;
}
