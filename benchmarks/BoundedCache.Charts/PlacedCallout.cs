namespace BoundedCache.Charts;

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
