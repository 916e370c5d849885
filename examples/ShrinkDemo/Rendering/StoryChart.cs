using BoundedCache.Charts;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>The picture: the process and the cache over time, with the stages marked.</summary>
internal static class StoryChart
{
    private const string Resident = "RSS (operating system)";

    public static ChartFigure Create(DemoResult result) => new()
    {
        Title = $"{result.Setup.Cache.DisplayName()}: {Headline(result.Setup)}",
        Subtitle = $"{result.Setup.Workload}; {result.Environment.Runtime}, {result.Environment.Processors} cores",
        Description = result.Verdict,
        Panels = [Panel(result, heading: null)],
    };

    public static ChartFigure Create(ComparisonResult result) => new()
    {
        Title = Capital(Headline(result.BoundedCache.Setup)),
        Subtitle = $"{result.BoundedCache.Setup.Workload}, each cache in its own process; "
            + $"{result.BoundedCache.Environment.Runtime}, {result.BoundedCache.Environment.Processors} cores",
        Description = result.Verdict,
        Panels =
        [
            Panel(result.BoundedCache, result.BoundedCache.Setup.Cache.DisplayName()),
            Panel(result.MemoryCache, result.MemoryCache.Setup.Cache.DisplayName()),
        ],
    };

    private static string Headline(SetupResult setup) =>
        $"the limit is lowered from {ByteSize.Format(setup.MaxMemoryBytes)} to "
        + $"{ByteSize.Format(setup.ShrinkToBytes[0])}";

    private static string Capital(string text) =>
        string.Concat(char.ToUpperInvariant(text[0]).ToString(), text.AsSpan(1));

    private static ChartPanel Panel(DemoResult result, string? heading) => new()
    {
        Heading = heading,
        Series =
        [
            Series(result, "cache bytes", SeriesStyle.Area, sample => sample.CacheBytes),
            Series(result, "live heap", SeriesStyle.Dashed, sample => sample.LiveBytes),
            Series(result, "committed heap", SeriesStyle.Line, sample => sample.CommittedBytes),
            Series(result, Resident, SeriesStyle.Emphasis, sample => sample.ResidentBytes),
            Series(result, "limit", SeriesStyle.Limit, sample => sample.LimitBytes),
        ],
        Stages = [.. result.Stages.Select(stage => new ChartStage(stage.Label, stage.StartedAt, stage.EndedAt))],
        Callouts =
        [
            .. result.Stages.Select(stage => new ChartCallout(
                Resident, new ChartPoint(stage.EndedAt, stage.ResidentBytes), ByteSize.Format(stage.ResidentBytes))),
        ],
    };

    private static ChartSeries Series(
        DemoResult result, string name, SeriesStyle style, Func<MemorySample, long> value) =>
        new(name, style, [.. result.Timeline.Select(sample => new ChartPoint(sample.At, value(sample)))]);
}
