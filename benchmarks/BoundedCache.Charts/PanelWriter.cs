using System.Globalization;

namespace BoundedCache.Charts;

/// <summary>
/// Draws one panel: bands, grid, lines, callouts, axes and the key of its stages, in this order from back to front.
/// </summary>
internal static class PanelWriter
{
    private const double BadgeRadius = 8;

    public static void Write(SvgElements svg, PanelLayout layout, SeriesColours colours)
    {
        if (layout.Panel.Heading is not null)
        {
            svg.Text("heading ink", FigureLayout.Padding, layout.HeadingBaseline, layout.Panel.Heading);
        }

        WriteBands(svg, layout);
        WriteGrid(svg, layout.Area);
        foreach (ChartSeries series in layout.Panel.Series)
        {
            SeriesWriter.Write(svg, series, layout.Area, colours);
        }

        WriteTimeAxis(svg, layout.Area);
        foreach (PlacedCallout callout in PlacedCallout.Arrange(layout.Panel.Callouts, layout.Area))
        {
            string fill = colours.Fill(callout.Callout.SeriesName);
            svg.Circle(fill, callout.PointX, callout.PointY, 3.5);
            svg.Text($"callout {fill}", callout.Right, callout.Baseline, callout.Callout.Text, "end");
        }

        WriteKey(svg, layout);
    }

    private static void WriteBands(SvgElements svg, PanelLayout layout)
    {
        PlotArea area = layout.Area;
        IReadOnlyList<ChartStage> stages = layout.Panel.Stages;
        for (int i = 0; i < stages.Count; i++)
        {
            double start = area.X(stages[i].Start);
            if (i % 2 == 1)
            {
                svg.Rectangle("band", start, area.Top, area.X(stages[i].End) - start, area.Height);
            }

            if (i > 0)
            {
                svg.Line("edge", start, area.Top, start, area.Bottom);
            }
        }

        double[] middles = [.. stages.Select(s => (area.X(s.Start) + area.X(s.End)) / 2)];
        double[] badges = StageBadges.Place(middles, area.Left, area.Right);
        for (int i = 0; i < stages.Count; i++)
        {
            svg.Line("axis", middles[i], area.Top, badges[i], layout.BadgeCentre + BadgeRadius);
            WriteBadge(svg, badges[i], layout.BadgeCentre, i + 1);
        }
    }

    private static void WriteGrid(SvgElements svg, PlotArea area)
    {
        foreach (long tick in area.Values.Ticks)
        {
            double y = area.Y(tick);
            svg.Line("grid", area.Left, y, area.Right, y);
            svg.Text("muted", area.Left - 8, y + 4, area.Values.Format(tick), "end");
        }
    }

    private static void WriteTimeAxis(SvgElements svg, PlotArea area)
    {
        svg.Line("axis", area.Left, area.Bottom, area.Right, area.Bottom);
        foreach (TimeSpan tick in area.Times.Ticks)
        {
            double x = area.X(tick);
            svg.Line("axis", x, area.Bottom, x, area.Bottom + 4);
            svg.Text("muted", x, area.Bottom + 18, area.Times.Format(tick), "middle");
        }
    }

    private static void WriteKey(SvgElements svg, PanelLayout layout)
    {
        for (int i = 0; i < layout.Key.Stages.Count; i++)
        {
            (double x, double y) = layout.Key.Place(i);
            x += FigureLayout.Padding;
            y += layout.KeyTop;
            WriteBadge(svg, x, y, i + 1);
            svg.Text("ink", x + BadgeRadius + 8, y + 4, layout.Key.Stages[i].Label);
        }
    }

    private static void WriteBadge(SvgElements svg, double x, double y, int number)
    {
        svg.Circle("badge", x, y, BadgeRadius);
        svg.Text("number", x, y + 4, number.ToString(CultureInfo.InvariantCulture), "middle");
    }
}

/// <summary>Draws one series in a plot, and as a sample in the legend.</summary>
internal static class SeriesWriter
{
    public static void Write(SvgElements svg, ChartSeries series, PlotArea area, SeriesColours colours)
    {
        if (series.Style == SeriesStyle.Area)
        {
            svg.Path($"area {colours.Fill(series.Name)}", Polyline.AreaPath(series.Points, area));
        }

        string path = series.Style == SeriesStyle.Limit
            ? Polyline.StepPath(series.Points, area)
            : Polyline.Path(series.Points, area);
        svg.Path(LineClass(series, colours), path);
    }

    public static void WriteSample(SvgElements svg, ChartSeries series, SeriesColours colours, double x, double y)
    {
        if (series.Style == SeriesStyle.Area)
        {
            svg.Rectangle($"area {colours.Fill(series.Name)}", x, y, LegendItem.SampleWidth, 6);
        }

        svg.Line(LineClass(series, colours), x, y, x + LegendItem.SampleWidth, y);
    }

    private static string LineClass(ChartSeries series, SeriesColours colours) => series.Style switch
    {
        SeriesStyle.Emphasis => $"line emphasis {colours.Stroke(series.Name)}",
        SeriesStyle.Dashed => $"line dashed {colours.Stroke(series.Name)}",
        SeriesStyle.Limit => "limit",
        _ => $"line {colours.Stroke(series.Name)}",
    };
}

/// <summary>
/// Places the numbers of the stages above a plot: in the middle of their stage, but never on top of one another.
/// </summary>
internal static class StageBadges
{
    /// <summary>Least distance between two numbers, in user units.</summary>
    public const double Spacing = 20;

    /// <summary>
    /// Centres for badges that would best stand at <paramref name="wanted"/> (ascending), within the given edges.
    /// </summary>
    public static double[] Place(IReadOnlyList<double> wanted, double left, double right)
    {
        var placed = new double[wanted.Count];
        double least = left + (Spacing / 2);
        for (int i = 0; i < placed.Length; i++)
        {
            placed[i] = Math.Max(wanted[i], least);
            least = placed[i] + Spacing;
        }

        double most = right - (Spacing / 2);
        for (int i = placed.Length - 1; i >= 0; i--)
        {
            placed[i] = Math.Min(placed[i], most);
            most = placed[i] - Spacing;
        }

        return placed;
    }
}
