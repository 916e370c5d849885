namespace BoundedCache.Charts;

/// <summary>The vertical scale of a panel: where a value lies, and which values are labelled.</summary>
internal abstract class ValueScale
{
    /// <summary>Where the grid lines lie, from the bottom upwards.</summary>
    public abstract IReadOnlyList<long> Ticks { get; }

    /// <summary>How high a value lies: 0 at the bottom of the plot, 1 at its top.</summary>
    public abstract double Fraction(long value);

    /// <summary>The label of a tick.</summary>
    public abstract string Format(long tick);

    /// <summary>The scale on which the largest of the values fits.</summary>
    public static ValueScale For(ChartUnit unit, long largest) =>
        unit == ChartUnit.Microseconds ? LatencyScale.For(largest) : ByteScale.For(largest);
}
