namespace BoundedCache.Charts;

/// <summary>One picture of horizontal bars in groups, all on one scale from zero: the longer, the more.</summary>
public sealed record BarFigure
{
    /// <summary>What the picture shows, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>Under which conditions, on the line below the title; null for none.</summary>
    public string? Subtitle { get; init; }

    /// <summary>What the picture says, for those who cannot see it.</summary>
    public required string Description { get; init; }

    /// <summary>The groups from top to bottom.</summary>
    public required IReadOnlyList<BarGroup> Groups { get; init; }
}

/// <summary>Bars that belong together.</summary>
/// <param name="Label">The line above them.</param>
/// <param name="Bars">From top to bottom.</param>
public sealed record BarGroup(string Label, IReadOnlyList<Bar> Bars);

/// <summary>One bar.</summary>
/// <param name="Name">Whose it is; bars of one name have one colour in all groups.</param>
/// <param name="Value">Its length; negative ones are drawn as zero.</param>
/// <param name="Text">The value in words, behind the bar.</param>
public sealed record Bar(string Name, double Value, string Text);
