namespace BoundedCache.Charts;

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
