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
