using System.Globalization;

namespace BoundedCache.Charts;

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
