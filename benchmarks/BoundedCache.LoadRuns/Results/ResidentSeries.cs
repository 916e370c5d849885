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
    /// The median of a stretch of time. Where a busy machine took no sample in it: the last sample before its end.
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
