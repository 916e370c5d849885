namespace BoundedCache.Figures.Figures;

/// <summary>What the policies are held to: at most so many times another cache's time.</summary>
/// <param name="Kind">The kind of measurement.</param>
/// <param name="What">Whose time it is about.</param>
/// <param name="Of">The time that it is compared with.</param>
/// <param name="Most">The largest ratio that is allowed.</param>
internal sealed record PolicyBar(string Kind, string What, string Of, double Most)
{
    /// <summary>How many entries there must be; null for any number.</summary>
    public int? Entries { get; init; }

    /// <summary>How many threads there must be; null for any number.</summary>
    public int? Threads { get; init; }

    /// <summary>All bars.</summary>
    public static IReadOnlyList<PolicyBar> All { get; } =
    [
        new("hits", "ScanResistant", "ConcurrentDictionary", 0.65) { Entries = 10_000 },
        new("hits", "ScanResistant", "MemoryCache", 0.35) { Entries = 10_000, Threads = 1 },
        new("hits", "ScanResistant", "MemoryCache", 0.38) { Entries = 10_000, Threads = 2 },
        new("hits", "ScanResistant", "FastConcurrentLru", 0.80) { Entries = 10_000, Threads = 1 },
        new("hits", "ScanResistant", "FastConcurrentLru", 0.85) { Entries = 10_000, Threads = 2 },
        new("hits", "ScanResistant", "ConcurrentDictionary", 0.75) { Entries = 1_000_000 },
        new("hits", "ScanResistant", "MemoryCache", 0.52) { Entries = 1_000_000 },
        new("hits", "LRU", "ConcurrentDictionary", 1.00) { Entries = 10_000, Threads = 1 },
        new("hits", "LRU", "ConcurrentDictionary", 1.20) { Entries = 10_000, Threads = 2 },
        new("hits", "ScanResistant with a deadline", "ScanResistant", 1.25),
        new("hits", "LRU with a deadline", "LRU", 1.25),
        new("mix", "ScanResistant", "FastConcurrentLru", 0.85),
        new("evict", "ScanResistant", "LRU", 1.30),
    ];

    /// <summary>The name of the cache in whose row it stands: the other one in what is about ScanResistant.</summary>
    private string Row => What == "ScanResistant" ? Of : What;

    /// <summary>What the bars say about a row.</summary>
    /// <param name="kind">The kind of measurement.</param>
    /// <param name="entries">How many entries there are.</param>
    /// <param name="threads">How many threads there are.</param>
    /// <param name="row">The name of the row's cache.</param>
    /// <param name="names">All caches that were measured.</param>
    /// <param name="answer">Their times, and after them their hit ratios where those were measured.</param>
    /// <returns>The bars that stand in this row, each met or not; empty for none.</returns>
    public static string Judge(
        string kind, int entries, int threads, string row, string[] names, double[] answer)
    {
        var said = new List<string>();
        foreach (PolicyBar bar in All)
        {
            if (bar.Kind == kind
                && bar.Row == row
                && (bar.Entries ?? entries) == entries
                && (bar.Threads ?? threads) == threads)
            {
                (int what, int of) = (Array.IndexOf(names, bar.What), Array.IndexOf(names, bar.Of));
                double ratio = answer[what] / answer[of];
                said.Add($"{bar.What} {ratio:N2} <= {bar.Most:N2} x {bar.Of}: {Met(ratio <= bar.Most)}");
                if (kind == "mix")
                {
                    said.Add($"hit ratio >= its: {Met(answer[names.Length + what] >= answer[names.Length + of])}");
                }
            }
        }

        return string.Join("; ", said);
    }

    private static string Met(bool isMet) => isMet ? "met" : "not met";
}
