namespace BoundedCache.Charts;

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
