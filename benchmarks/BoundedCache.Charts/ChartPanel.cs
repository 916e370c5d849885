namespace BoundedCache.Charts;

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
