namespace BoundedCache.Charts;

/// <summary>One series in the legend, and where its line sample begins.</summary>
internal sealed record LegendItem(ChartSeries Series, double X, double Baseline)
{
    /// <summary>Length of the piece of line that shows how the series is drawn, in user units.</summary>
    public const double SampleWidth = 26;

    private const double RowHeight = 20;

    /// <summary>The legend of the given series, broken into rows that fit.</summary>
    public static IReadOnlyList<LegendItem> Arrange(
        IEnumerable<ChartSeries> series, double left, double right, double baseline)
    {
        var items = new List<LegendItem>();
        double x = left;
        foreach (ChartSeries one in series)
        {
            double width = SampleWidth + 7 + TextWidth.Estimate(one.Name, 12) + 18;
            if (x > left && x + width > right)
            {
                x = left;
                baseline += RowHeight;
            }

            items.Add(new LegendItem(one, x, baseline));
            x += width;
        }

        return items;
    }
}
