namespace BoundedCache.Harness.Traces;

/// <summary>
/// Requests made up by a seed: keys by Zipf's law, each with a size of its own that does not change, small
/// ones far more often than large ones (the logarithm of the size is uniform). The same seed makes the
/// same trace on every machine.
/// </summary>
public sealed record SyntheticTrace
{
    /// <summary>How many keys there are.</summary>
    public int Keys { get; init; } = 100_000;

    /// <summary>How many requests are made.</summary>
    public long Requests { get; init; } = 1_000_000;

    /// <summary>The skew of Zipf's law; 0 for uniform.</summary>
    public double Skew { get; init; } = 0.99;

    /// <summary>The least size, in bytes; at least 1.</summary>
    public long MinBytes { get; init; } = 64;

    /// <summary>The largest size, in bytes.</summary>
    public long MaxBytes { get; init; } = 64 << 10;

    /// <summary>What everything is drawn from.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>
    /// The sum of the sizes of all keys, in bytes: what a cache that never forgets would hold in the end.
    /// </summary>
    public long TotalBytes => Sizes().Sum();

    /// <summary>The requests, in order, made as they are asked for.</summary>
    public IEnumerable<TraceRequest> Generate()
    {
        long[] sizes = Sizes();
        string[] names = [.. Enumerable.Range(0, Keys).Select(EntryKey.Create)];
        var random = new Random(Seed);
        var zipf = new Zipf(Keys, Skew, random);
        for (long i = 0; i < Requests; i++)
        {
            int number = zipf.Next(random);
            yield return new TraceRequest(names[number], sizes[number]);
        }
    }

    private long[] Sizes()
    {
        // A generator of its own, so that sizes do not change with the number of requests.
        var random = new Random(Seed ^ 0x5EED);
        double ratio = Math.Log((double)MaxBytes / MinBytes);
        return [.. Enumerable.Range(0, Keys).Select(_ => (long)(MinBytes * Math.Exp(random.NextDouble() * ratio)))];
    }
}
