namespace BoundedCache.Report;

/// <summary>From when on memory is worth a sentence: an amount and a share, both of which it must reach.</summary>
/// <param name="LeastMebibytes">The amount, in MiB.</param>
/// <param name="LeastShare">The share of the whole, from 0 to 1.</param>
internal readonly record struct Bound(long LeastMebibytes, double LeastShare)
{
    /// <summary>Whether both are reached.</summary>
    public bool IsReached(long bytes, long wholeBytes) =>
        bytes >= LeastMebibytes * 1024 * 1024 && bytes >= LeastShare * wholeBytes;
}
