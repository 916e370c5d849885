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

/// <summary>Where the parts of one panel lie. Lengths are SVG user units.</summary>
internal sealed class PanelLayout
{
    private const double AxisWidth = 62;
    private const double HeadingHeight = 26;
    private const double BadgeHeight = 26;
    private const double TimeLabelsHeight = 26;
    private const double KeyGap = 8;

    public PanelLayout(ChartPanel panel, double top, double plotHeight, TimeScale times, ValueScale values)
    {
        Panel = panel;
        HeadingBaseline = top + 18;
        double badges = top + (panel.Heading is null ? 0 : HeadingHeight);
        BadgeCentre = badges + (BadgeHeight / 2);
        double left = FigureLayout.Padding + AxisWidth;
        double width = FigureLayout.Width - FigureLayout.Padding - left;
        Area = new PlotArea(
            left, badges + (panel.Stages.Count == 0 ? 8 : BadgeHeight), width, plotHeight, times, values);
        Key = StageKey.For(panel.Stages, FigureLayout.Width - (2 * FigureLayout.Padding));
        KeyTop = Area.Bottom + TimeLabelsHeight + KeyGap;
        Bottom = KeyTop + Key.Height;
    }

    public ChartPanel Panel { get; }

    public double HeadingBaseline { get; }

    public double BadgeCentre { get; }

    public PlotArea Area { get; }

    public StageKey Key { get; }

    public double KeyTop { get; }

    public double Bottom { get; }
}

/// <summary>
/// Where one panel's plot lies in the picture, and so where a time and an amount lie. Lengths are SVG user units.
/// </summary>
internal sealed record PlotArea(
    double Left, double Top, double Width, double Height, TimeScale Times, ValueScale Values)
{
    public double Right => Left + Width;

    public double Bottom => Top + Height;

    public double X(TimeSpan time) => Left + (Math.Clamp(time / Times.Maximum, 0, 1) * Width);

    public double Y(long value) => Bottom - (Math.Clamp(Values.Fraction(value), 0, 1) * Height);
}

/// <summary>
/// A callout and where its word stands: above its point and to the left, over the time that led to it; within the
/// plot, and over no other word.
/// </summary>
/// <param name="Callout">What is called out.</param>
/// <param name="PointX">Where its dot lies.</param>
/// <param name="PointY">Where its dot lies.</param>
/// <param name="Right">Where its word ends.</param>
/// <param name="Baseline">Where its word stands.</param>
internal sealed record PlacedCallout(ChartCallout Callout, double PointX, double PointY, double Right, double Baseline)
{
    private const double FontSize = 12;
    private const double LineHeight = 15;
    private const double Rise = 9;
    private const double Overhang = 4;

    private double Width => TextWidth.Estimate(Callout.Text, FontSize);

    public static IReadOnlyList<PlacedCallout> Arrange(IReadOnlyList<ChartCallout> callouts, PlotArea area)
    {
        var placed = new List<PlacedCallout>();
        foreach (ChartCallout callout in callouts)
        {
            double x = area.X(callout.Point.Time);
            double y = area.Y(callout.Point.Value);
            double right = Math.Max(x + Overhang, area.Left + TextWidth.Estimate(callout.Text, FontSize));
            var candidate = new PlacedCallout(callout, x, y, right, y - Rise);
            while (placed.Any(candidate.Overlaps) && candidate.Baseline - LineHeight > area.Top + FontSize)
            {
                candidate = candidate with { Baseline = candidate.Baseline - LineHeight };
            }

            placed.Add(candidate);
        }

        return placed;
    }

    private bool Overlaps(PlacedCallout other) =>
        Right > other.Right - other.Width
        && other.Right > Right - Width
        && Math.Abs(other.Baseline - Baseline) < LineHeight;
}
