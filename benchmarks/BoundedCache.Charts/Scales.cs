using System.Globalization;
using System.Numerics;

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

/// <summary>
/// A logarithmic scale of times, from a tenth of a millisecond to the decade above the largest,
/// with a tick at each decade.
/// </summary>
internal sealed class LatencyScale : ValueScale
{
    private const long LeastMicroseconds = 100;
    private const long MicrosecondsPerMillisecond = 1000;
    private const long MicrosecondsPerSecond = 1_000_000;

    private LatencyScale(IReadOnlyList<long> ticks) => Ticks = ticks;

    public override IReadOnlyList<long> Ticks { get; }

    public static LatencyScale For(long largest)
    {
        var ticks = new List<long> { LeastMicroseconds, LeastMicroseconds * 10 };
        while (ticks[^1] < largest)
        {
            ticks.Add(ticks[^1] * 10);
        }

        return new LatencyScale(ticks);
    }

    public override double Fraction(long value) =>
        Math.Log((double)Math.Max(value, LeastMicroseconds) / LeastMicroseconds) / Math.Log(
            (double)Ticks[^1] / LeastMicroseconds);

    public override string Format(long tick) => tick >= MicrosecondsPerSecond
        ? string.Create(CultureInfo.InvariantCulture, $"{tick / MicrosecondsPerSecond} s")
        : string.Create(CultureInfo.InvariantCulture, $"{tick / (double)MicrosecondsPerMillisecond:0.#} ms");
}

/// <summary>The horizontal scale: from zero to the last point, with ticks at round seconds, minutes or hours.</summary>
internal sealed class TimeScale
{
    private const int MostSteps = 10;

    private static readonly double[] s_stepSeconds =
        [
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800,
        86400,
    ];

    private TimeScale(TimeSpan maximum, IReadOnlyList<TimeSpan> ticks)
    {
        Maximum = maximum;
        Ticks = ticks;
    }

    /// <summary>The time at the right edge; more than zero.</summary>
    public TimeSpan Maximum { get; }

    /// <summary>Where the axis is labelled, from zero rightwards.</summary>
    public IReadOnlyList<TimeSpan> Ticks { get; }

    public static TimeScale For(TimeSpan last)
    {
        TimeSpan maximum = last > TimeSpan.Zero ? last : TimeSpan.FromSeconds(1);
        double step = s_stepSeconds.FirstOrDefault(s => maximum.TotalSeconds / s <= MostSteps, s_stepSeconds[^1]);
        while (maximum.TotalSeconds / step > MostSteps)
        {
            step *= 2;
        }

        int count = (int)(maximum.TotalSeconds / step) + 1;
        return new TimeScale(maximum, [.. Enumerable.Range(0, count).Select(i => TimeSpan.FromSeconds(i * step))]);
    }

    /// <summary>
    /// The tick as the unit of the whole axis wants it: seconds up to two minutes, then minutes and
    /// seconds, then hours and minutes.
    /// </summary>
    public string Format(TimeSpan tick) => Maximum.TotalSeconds switch
    {
        <= 120 => string.Create(CultureInfo.InvariantCulture, $"{tick.TotalSeconds:0.##} s"),
        <= 7200 => string.Create(CultureInfo.InvariantCulture, $"{(int)tick.TotalMinutes}:{tick.Seconds:00} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)tick.TotalHours}:{tick.Minutes:00} h"),
    };
}
