using System.Numerics;

namespace BoundedCache.Charts;

/// <summary>
/// The vertical scale: from zero to a little above the largest value, with ticks at round amounts of memory.
/// </summary>
internal sealed class ByteScale : ValueScale
{
    private const int MostSteps = 8;

    private ByteScale(long maximum, IReadOnlyList<long> ticks)
    {
        Maximum = maximum;
        Ticks = ticks;
    }

    /// <summary>The value at the top of the plot, in bytes.</summary>
    public long Maximum { get; }

    /// <summary>Where the grid lines lie, in bytes, from zero upwards.</summary>
    public override IReadOnlyList<long> Ticks { get; }

    /// <summary>A scale on which <paramref name="largest"/> bytes fit with room for a word above them.</summary>
    public static ByteScale For(long largest)
    {
        long maximum = largest + (largest / 10) + 1;
        long step = (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(1, maximum / MostSteps));
        var ticks = new List<long>();
        for (long tick = 0; tick <= maximum; tick += step)
        {
            ticks.Add(tick);
        }

        return new ByteScale(maximum, ticks);
    }

    public override double Fraction(long value) => (double)value / Maximum;

    public override string Format(long tick) => tick == 0 ? "0" : ByteSize.Format(tick);
}
