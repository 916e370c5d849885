namespace BoundedCache.Charts;

/// <summary>
/// Places the numbers of the stages above a plot: in the middle of their stage, but never on top of one another.
/// </summary>
internal static class StageBadges
{
    /// <summary>Least distance between two numbers, in user units.</summary>
    public const double Spacing = 20;

    /// <summary>
    /// Centres for badges that would best stand at <paramref name="wanted"/> (ascending), within the given edges.
    /// </summary>
    public static double[] Place(IReadOnlyList<double> wanted, double left, double right)
    {
        var placed = new double[wanted.Count];
        double least = left + (Spacing / 2);
        for (int i = 0; i < placed.Length; i++)
        {
            placed[i] = Math.Max(wanted[i], least);
            least = placed[i] + Spacing;
        }

        double most = right - (Spacing / 2);
        for (int i = placed.Length - 1; i >= 0; i--)
        {
            placed[i] = Math.Min(placed[i], most);
            most = placed[i] - Spacing;
        }

        return placed;
    }
}
