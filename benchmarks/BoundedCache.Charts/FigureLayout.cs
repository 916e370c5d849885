namespace BoundedCache.Charts;

/// <summary>Where everything in a figure lies, from the top downwards. Lengths are SVG user units.</summary>
internal sealed class FigureLayout
{
    public const double Width = 880;
    public const double Padding = 20;
    public const double TitleBaseline = 33;

    private const double SinglePlotHeight = 300;
    private const double StackedPlotHeight = 220;
    private const double PanelGap = 14;

    public double SubtitleBaseline { get; private init; }

    public double Height { get; private init; }

    public required SeriesColours Colours { get; init; }

    public required IReadOnlyList<LegendItem> Legend { get; init; }

    public required IReadOnlyList<PanelLayout> Panels { get; init; }

    public static FigureLayout For(ChartFigure figure)
    {
        List<ChartSeries> series = [.. figure.Panels.SelectMany(p => p.Series)];
        double subtitle = TitleBaseline + 20;
        IReadOnlyList<LegendItem> legend = LegendItem.Arrange(
            series.DistinctBy(s => s.Name).OrderBy(s => s.Style == SeriesStyle.Limit),
            Padding,
            Width - Padding,
            (figure.Subtitle is null ? TitleBaseline : subtitle) + 25);

        var values = figure.Panels.GroupBy(p => p.Unit).ToDictionary(
            unit => unit.Key, unit => ValueScale.For(
                unit.Key,
                unit.SelectMany(p => p.Series).SelectMany(s => s.Points).Select(p => p.Value).DefaultIfEmpty().Max()));
        var times = TimeScale.For(LastTime(figure));
        double plotHeight = figure.Panels.Count == 1 ? SinglePlotHeight : StackedPlotHeight;
        double y = legend.Select(i => i.Baseline).DefaultIfEmpty(subtitle).Max() + 8;
        var panels = new List<PanelLayout>();
        foreach (ChartPanel panel in figure.Panels)
        {
            panels.Add(
                new PanelLayout(panel, panels.Count == 0 ? y : y + PanelGap, plotHeight, times, values[panel.Unit]));
            y = panels[^1].Bottom;
        }

        return new FigureLayout
        {
            SubtitleBaseline = subtitle,
            Height = y + 12,
            Colours = new SeriesColours(series),
            Legend = legend,
            Panels = panels,
        };
    }

    private static TimeSpan LastTime(ChartFigure figure) =>
        figure.Panels.SelectMany(p => p.Series).SelectMany(s => s.Points).Select(p => p.Time)
            .Concat(figure.Panels.SelectMany(p => p.Stages).Select(s => s.End))
            .DefaultIfEmpty().Max();
}
