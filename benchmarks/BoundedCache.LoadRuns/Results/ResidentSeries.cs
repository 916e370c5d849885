using BoundedCache.LoadRuns.Processes;

namespace BoundedCache.LoadRuns.Results;

/// <summary>
/// Resident memory over time, as results keep it: what is asked of a stretch of it, and points few enough for a file.
/// </summary>
internal static class ResidentSeries
{
    /// <summary>The samples of a stretch of time.</summary>
    public static IEnumerable<ResidentSample> Between(
        this IEnumerable<ResidentSample> samples, TimeSpan from, TimeSpan to) =>
        samples.Where(sample => sample.At >= from && sample.At <= to);

    /// <summary>
    /// The middle one of the amounts of a stretch of time; what was seen last before its end where a starved machine
    /// let nobody look meanwhile.
    /// </summary>
    public static long MedianBytes(this IReadOnlyList<ResidentSample> samples, TimeSpan from, TimeSpan to)
    {
        long[] sorted = [.. samples.Between(from, to).Select(static sample => sample.Bytes).Order()];
        return sorted.Length == 0 ? samples.BytesAt(to) : sorted[sorted.Length / 2];
    }

    /// <summary>The last sample up to a time; 0 for none.</summary>
    public static long BytesAt(this IEnumerable<ResidentSample> samples, TimeSpan time) =>
        samples.LastOrDefault(sample => sample.At <= time).Bytes;

    /// <summary>Pairs of seconds and MiB, one a quarter of a second: the largest sample of each.</summary>
    public static IReadOnlyList<double[]> ToPoints(this IEnumerable<ResidentSample> samples, TimeSpan zero) =>
    [
        .. samples.Where(sample => sample.At >= zero)
            .GroupBy(sample => (int)((sample.At - zero).TotalSeconds * 4))
            .OrderBy(static group => group.Key)
            .Select(static group =>
                (double[])[group.Key / 4.0, Math.Round(group.Max(static sample => sample.Bytes) / 1048576.0, 1)]),
    ];
}
