using System.Globalization;

namespace BoundedCache.Charts;

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
