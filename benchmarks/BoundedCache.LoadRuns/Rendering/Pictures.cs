using BoundedCache.Charts;
using BoundedCache.Harness;
using BoundedCache.LoadRuns.Results;

namespace BoundedCache.LoadRuns.Rendering;

/// <summary>
/// The runs as pictures: resident memory above, and below it how long requests took, second by second.
/// </summary>
internal static class Pictures
{
    private const string Limit = "limit";
    private const double BytesPerMebibyte = 1048576;
    private const double MicrosecondsPerMillisecond = 1000;

    public static string Draw(ShrinkResult result)
    {
        ShrinkRow first = result.Rows[0];
        ChartPoint[] limit = Steps(first, result);
        return SvgChartWriter.Write(new ChartFigure
        {
            Title = $"A limit of {ByteSize.Format(result.MaxBytes)} is lowered to "
                + $"{ByteSize.Format(result.NewMaxBytes)} under load, and raised again",
            Subtitle = FormattableString.Invariant(
                $"{result.RequestsPerSecond:N0} requests/s, open loop; {Machine(first.Stamp)}"),
            Description = "Resident memory of the process that holds the cache, above the same process with nothing "
                + "cached, over time; and percentiles of request times per second.",
            Panels =
            [
                new ChartPanel
                {
                    Heading = "RSS above an empty process",
                    Series =
                    [
                        .. result.Rows.Select(static row =>
                            new ChartSeries(row.Title, row.Name.StartsWith("bounded", StringComparison.Ordinal)
                                ? SeriesStyle.Emphasis
                                : SeriesStyle.Line, Memory(row.Resident, row.EmptyBytes))),
                        new ChartSeries(Limit, SeriesStyle.Limit, limit),
                    ],
                    Stages = Stages(first),
                },
                Panel("Request p50 in each second", result, static second => second.P50),
                Panel("Request p99 in each second", result, static second => second.P99),
                Panel("Longest request in each second", result, static second => second.Longest),
            ],
        });
    }

    public static string Draw(SawtoothResult result) => SvgChartWriter.Write(new ChartFigure
    {
        Title = $"A limit goes between {ByteSize.Format(result.LowMaxBytes)} and "
            + $"{ByteSize.Format(result.HighMaxBytes)} under load",
        Subtitle = FormattableString.Invariant(
            $"{result.RequestsPerSecond:N0} requests/s, open loop; {Machine(result.Stamp)}"),
        Description =
            "Resident memory of the service over time, against the limit; and percentiles of request times per second.",
        Panels =
        [
            new ChartPanel
            {
                Heading = "RSS of the service",
                Series =
                [
                    new ChartSeries("RSS", SeriesStyle.Emphasis, Memory(result.Resident, 0)),
                    new ChartSeries(Limit, SeriesStyle.Limit,
                        [.. result.Cycles.SelectMany(cycle =>
                            (ChartPoint[])[new(TimeSpan.FromSeconds(cycle.LoweredAt), result.LowMaxBytes), new(
                                TimeSpan.FromSeconds(cycle.RaisedAt), result.HighMaxBytes)])]),
                ],
            },
            new ChartPanel
            {
                Heading = "Requests in each second",
                Unit = ChartUnit.Microseconds,
                Series =
                [
                    new ChartSeries(
                        "longest", SeriesStyle.Line, Times(result.Seconds, static second => second.Longest)),
                    new ChartSeries("p99", SeriesStyle.Line, Times(result.Seconds, static second => second.P99)),
                    new ChartSeries("p50", SeriesStyle.Line, Times(result.Seconds, static second => second.P50)),
                ],
            },
        ],
    });

    public static string Draw(ContainerResult result) => SvgChartWriter.Write(new ChartFigure
    {
        Title = "Full caches in containers",
        Subtitle = FormattableString.Invariant($"{result.InsertsPerSecond:N0} new entries/s; {Machine(result.Stamp)}"),
        Description = "Resident memory of each service over time from its start, against its cache's limit and its "
            + "container's, until its end or its death; and the p99 of request times per second.",
        Panels =
        [
            .. result.Cases.Select(static one => new ChartPanel
            {
                Heading = $"{one.Title}: limit {ByteSize.Format(one.MaxBytes)} in "
                    + $"{ByteSize.Format(one.GroupBytes)}{(one.Death is null ? "" : $"; {one.Death}")}",
                Series =
                [
                    new ChartSeries("RSS", SeriesStyle.Emphasis, Memory(one.Resident, 0)),
                    new ChartSeries("limits of cache and container", SeriesStyle.Limit, Level(one, one.MaxBytes)),
                    new ChartSeries("limits of cache and container", SeriesStyle.Limit, Level(one, one.GroupBytes)),
                ],
            }),
            new ChartPanel
            {
                Heading = "Request p99 in each second",
                Unit = ChartUnit.Microseconds,
                Series = [.. result.Cases.Select(static one => new ChartSeries(
                    one.Title, SeriesStyle.Line, Times(one.SecondsOfLoad, static second => second.P99)))],
            },
        ],
    });

    public static string Draw(PressureResult result) => SvgChartWriter.Write(new ChartFigure
    {
        Title = "Other code takes memory in a container and gives it back",
        Subtitle = FormattableString.Invariant(
            $"{result.Steps} steps of {ByteSize.Format(result.NativeStepBytes)} native and ")
            + $"{ByteSize.Format(result.ManagedStepBytes)} managed memory; {Machine(result.Stamp)}",
        Description = "Resident memory of each service over time, against its cache's limit that holds and its "
            + "container's; and the p99 of request times per second.",
        Panels =
        [
            .. result.Cases.Select(static one => new ChartPanel
            {
                Heading = $"{one.Title}: limit {ByteSize.Format(one.MaxBytes)} in "
                    + $"{ByteSize.Format(one.GroupBytes)}{(one.Death is null ? "" : $"; {one.Death}")}",
                Series =
                [
                    new ChartSeries("RSS", SeriesStyle.Emphasis, Memory(one.Resident, 0)),
                    new ChartSeries("limits of cache and container", SeriesStyle.Limit, Memory(one.Limits, 0)),
                    new ChartSeries("limits of cache and container", SeriesStyle.Limit,
                        [.. Memory(one.Limits, 0).Select(point => point with { Value = one.GroupBytes })]),
                ],
            }),
            new ChartPanel
            {
                Heading = "Request p99 in each second",
                Unit = ChartUnit.Microseconds,
                Series = [.. result.Cases.Select(static one => new ChartSeries(
                    one.Title, SeriesStyle.Line, Times(one.SecondsOfLoad, static second => second.P99)))],
            },
        ],
    });

    private static string Machine(RunStamp stamp) => FormattableString.Invariant(
        $"{stamp.Runtime}, {stamp.Processors} shared cores, {stamp.Time:yyyy-MM-dd}");

    private static ChartPanel Panel(string heading, ShrinkResult result, Func<SecondResult, double> value) => new()
    {
        Heading = heading,
        Unit = ChartUnit.Microseconds,
        Series =
            [.. result.Rows.Select(row => new ChartSeries(row.Title, SeriesStyle.Line, Times(row.Seconds, value)))],
    };

    private static ChartPoint[] Memory(IReadOnlyList<double[]> points, long emptyBytes) =>
        [.. points.Select(
            point => new ChartPoint(TimeSpan.FromSeconds(point[0]), (long)(point[1] * BytesPerMebibyte) - emptyBytes))];

    private static ChartPoint[] Times(IReadOnlyList<SecondResult> seconds, Func<SecondResult, double> value) =>
        [.. seconds.Select(second =>
            new ChartPoint(TimeSpan.FromSeconds(second.At + 0.5), (long)(value(second) * MicrosecondsPerMillisecond)))];

    private static ChartPoint[] Level(ContainerCase one, long bytes) =>
        [new ChartPoint(TimeSpan.Zero, bytes), new ChartPoint(
            TimeSpan.FromSeconds(one.Resident.Select(static point => point[0]).DefaultIfEmpty().Max()), bytes)];

    private static ChartPoint[] Steps(ShrinkRow row, ShrinkResult result) =>
    [
        new ChartPoint(TimeSpan.Zero, result.MaxBytes),
        new ChartPoint(TimeSpan.FromSeconds(row.CalledAt - row.Zero), result.NewMaxBytes),
        new ChartPoint(
            TimeSpan.FromSeconds(row.Phases.Single(static phase => phase.Name == "later").To - row.Zero),
            result.MaxBytes),
        new ChartPoint(TimeSpan.FromSeconds(row.Phases[^1].To - row.Zero), result.MaxBytes),
    ];

    private static ChartStage[] Stages(ShrinkRow row)
    {
        double lowered = row.CalledAt - row.Zero;
        double later = row.Phases.Single(static phase => phase.Name == "later").From - row.Zero;
        double raised = row.Phases.Single(static phase => phase.Name == "later").To - row.Zero;
        return
        [
            Stage("under load", 0, lowered),
            Stage("limit lowered, and after", lowered, later),
            Stage("later", later, raised),
            Stage("raised again", raised, row.Phases[^1].To - row.Zero),
        ];

        static ChartStage Stage(string label, double from, double to) =>
            new(label, TimeSpan.FromSeconds(from), TimeSpan.FromSeconds(to));
    }
}
