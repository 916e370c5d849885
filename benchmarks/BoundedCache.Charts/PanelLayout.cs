namespace BoundedCache.Charts;

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
