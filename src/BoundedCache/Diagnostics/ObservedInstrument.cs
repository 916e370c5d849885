namespace BoundedCache.Diagnostics;

/// <summary>
/// Reads the numbers of one instrument from a cache, one for each value of the instrument's tag. Runs no user
/// code and must not throw.
/// </summary>
internal delegate void NumberReader(BoundedMemoryCache cache, Span<long> numbers);

/// <summary>
/// An instrument whose numbers are read from the caches when somebody collects, so that the caches' own
/// work pays nothing for it.
/// </summary>
/// <param name="Name">The name on the meter.</param>
/// <param name="Unit">The unit, in UCUM.</param>
/// <param name="Description">What is counted.</param>
/// <param name="OnlyRises">Whether it is a counter; else it goes up and down.</param>
/// <param name="Read">Reads the numbers.</param>
/// <param name="TagKey">What tells the numbers of one cache apart; null where there is only one.</param>
/// <param name="TagValues">The tag's value for each number.</param>
internal sealed record ObservedInstrument(
    string Name,
    string Unit,
    string Description,
    bool OnlyRises,
    NumberReader Read,
    string? TagKey,
    params string[] TagValues)
{
    /// <summary>Numbers of one cache.</summary>
    public int Length => Math.Max(1, TagValues.Length);
}
