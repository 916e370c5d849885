namespace BoundedCache.Charts;

/// <summary>
/// One picture: a heading, a legend, and one or more panels below one another that share the scale of time, and with
/// panels of the same unit that of values, so that what looks higher in one panel than in another is more.
/// </summary>
public sealed record ChartFigure
{
    /// <summary>What the picture shows, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>Under which conditions, on the line below the title; null for none.</summary>
    public string? Subtitle { get; init; }

    /// <summary>What the picture says, for those who cannot see it.</summary>
    public required string Description { get; init; }

    /// <summary>
    /// The panels from top to bottom, at least one. Series of one name have one colour in all of them.
    /// </summary>
    public required IReadOnlyList<ChartPanel> Panels { get; init; }
}

/// <summary>One plot of a figure: lines over time, above the stages that the time was divided into.</summary>
public sealed record ChartPanel
{
    /// <summary>The line above the plot; null for none.</summary>
    public string? Heading { get; init; }

    /// <summary>What the values of all its lines are.</summary>
    public ChartUnit Unit { get; init; }

    /// <summary>The lines, the first drawn undermost.</summary>
    public required IReadOnlyList<ChartSeries> Series { get; init; }

    /// <summary>The stages in the order of time; empty for none.</summary>
    public IReadOnlyList<ChartStage> Stages { get; init; } = [];

    /// <summary>Points to mark with a dot and a word, in the colour of the series they name.</summary>
    public IReadOnlyList<ChartCallout> Callouts { get; init; } = [];
}

/// <summary>One quantity over time, in the unit of its panel.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Style">How it is drawn.</param>
/// <param name="Points">Its values in the order of time.</param>
public sealed record ChartSeries(string Name, SeriesStyle Style, IReadOnlyList<ChartPoint> Points);

/// <summary>A value at a time.</summary>
/// <param name="Time">Since the chart's beginning; not negative.</param>
/// <param name="Value">The value in the unit of its panel; negative ones are drawn as zero.</param>
public readonly record struct ChartPoint(TimeSpan Time, long Value);

/// <summary>A stretch of time with a name: a band behind the lines, numbered in the plot and named below it.</summary>
/// <param name="Label">What happened in it.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="End">Where it ends; not before <paramref name="Start"/>.</param>
public sealed record ChartStage(string Label, TimeSpan Start, TimeSpan End);

/// <summary>A point worth a word.</summary>
/// <param name="SeriesName">The series it lies on.</param>
/// <param name="Point">Where.</param>
/// <param name="Text">The word, usually the value.</param>
public sealed record ChartCallout(string SeriesName, ChartPoint Point, string Text);

/// <summary>What the values of a panel are. Panels of one unit share one scale.</summary>
public enum ChartUnit
{
    /// <summary>Bytes, on a straight scale from zero.</summary>
    Bytes = 0,

    /// <summary>
    /// Microseconds, on a logarithmic scale: what usually takes a millisecond and sometimes a
    /// second is to be seen in both.
    /// </summary>
    Microseconds = 1,
}
