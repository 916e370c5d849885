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

/// <summary>The list below a plot that says what its numbered stages are, in as many columns as fit.</summary>
internal sealed class StageKey
{
    private const double RowHeight = 20;
    private const double BadgeWidth = 24;
    private const double Gap = 18;

    private readonly int _rows;
    private readonly double _columnWidth;

    private StageKey(IReadOnlyList<ChartStage> stages, int columns, double width)
    {
        Stages = stages;
        _rows = (stages.Count + columns - 1) / columns;
        _columnWidth = width / columns;
    }

    public IReadOnlyList<ChartStage> Stages { get; }

    /// <summary>The height that the key takes, in user units; zero without stages.</summary>
    public double Height => _rows * RowHeight;

    public static StageKey For(IReadOnlyList<ChartStage> stages, double width)
    {
        double widest = stages.Count == 0 ? 1 : stages.Max(s => TextWidth.Estimate(s.Label, 12)) + BadgeWidth + Gap;
        int columns = (int)Math.Clamp(width / widest, 1, 3);
        return new StageKey(stages, columns, width);
    }

    /// <summary>
    /// Where the badge of a stage lies, from the key's upper left corner; the columns are read downwards.
    /// </summary>
    public (double X, double Y) Place(int stage) =>
        (((stage / _rows) * _columnWidth) + (BadgeWidth / 2), ((stage % _rows) * RowHeight) + (RowHeight / 2));
}
