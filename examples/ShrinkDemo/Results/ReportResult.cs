namespace BoundedCache.ShrinkDemo.Results;

/// <summary>The part of a <see cref="ShrinkReport"/> that the demo's result contains.</summary>
internal sealed record ReportResult
{
    /// <summary>The stage that made the report.</summary>
    public required int Stage { get; init; }

    /// <summary>The report in one line.</summary>
    public required string Text { get; init; }

    public required ReleaseOutcome Outcome { get; init; }

    public required string Reason { get; init; }

    public required IReadOnlyList<string> Advice { get; init; }

    public required long EntriesEvicted { get; init; }

    public required long BytesEvicted { get; init; }

    public required long ReleasedBytes { get; init; }

    public required TimeSpan EvictionTime { get; init; }

    public required TimeSpan TotalTime { get; init; }

    public required TimeSpan GcPause { get; init; }

    public required int Collections { get; init; }

    public static ReportResult From(ShrinkReport report, int stage) => new()
    {
        Stage = stage,
        Text = report.ToString(),
        Outcome = report.Outcome,
        Reason = report.Reason,
        Advice = report.Advice,
        EntriesEvicted = report.EntriesEvicted,
        BytesEvicted = report.BytesEvicted,
        ReleasedBytes = report.ReleasedBytes,
        EvictionTime = report.EvictionTime,
        TotalTime = report.TotalTime,
        GcPause = report.GCPause,
        Collections = report.Collections,
    };
}
