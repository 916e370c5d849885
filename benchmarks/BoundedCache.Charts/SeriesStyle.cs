namespace BoundedCache.Charts;

/// <summary>
/// How a series is drawn. Styles differ in form as well as in colour, so that no reader depends on colour alone.
/// </summary>
public enum SeriesStyle
{
    /// <summary>A thin line.</summary>
    Line = 0,

    /// <summary>A thick line: the series that the picture is about.</summary>
    Emphasis = 1,

    /// <summary>A thin broken line.</summary>
    Dashed = 2,

    /// <summary>A thin line with the area below it filled.</summary>
    Area = 3,

    /// <summary>A grey dotted line of steps: a bound that was set, rather than a value that was measured.</summary>
    Limit = 4,
}
