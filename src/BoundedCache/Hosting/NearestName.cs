namespace BoundedCache.Hosting;

/// <summary>The name that somebody who mistyped one probably meant.</summary>
internal static class NearestName
{
    /// <summary>Finds the most similar of some names.</summary>
    /// <param name="typed">What was written.</param>
    /// <param name="names">What there is.</param>
    /// <returns>
    /// The nearest name by edits of one letter; null where even that needs more of them than a third of its letters.
    /// </returns>
    public static string? Find(string typed, IEnumerable<string> names) => names
        .Select(name => (Name: name, Edits: CountEdits(typed.ToUpperInvariant(), name.ToUpperInvariant())))
        .Where(static candidate => candidate.Edits <= candidate.Name.Length / 3)
        .OrderBy(static candidate => candidate.Edits)
        .FirstOrDefault().Name;

    /// <summary>Levenshtein's distance, one row at a time.</summary>
    private static int CountEdits(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int change = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[to.Length];
    }
}
