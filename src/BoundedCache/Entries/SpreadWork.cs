namespace BoundedCache.Entries;

/// <summary>
/// Work that is done once, such as compiling a thread's code, charged to the work that follows. Charged at once it
/// would make a thread of a hundredth of a processor rest for seconds before it does anything.
/// </summary>
internal struct SpreadWork
{
    /// <summary>What a piece of work bears at most, as a share of its own time.</summary>
    private const double MostBorne = 0.125;

    private double _owed;

    /// <param name="once">Seconds of such work since the last call.</param>
    /// <param name="worked">Seconds of other work since the last call.</param>
    /// <returns>The seconds to charge beside <paramref name="worked"/>.</returns>
    public double Spread(double once, double worked)
    {
        _owed += once;
        double borne = Math.Min(_owed, worked * MostBorne);
        _owed -= borne;
        return borne;
    }
}
