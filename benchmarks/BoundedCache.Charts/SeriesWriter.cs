namespace BoundedCache.Charts;

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
