using BoundedCache.LoadRuns.Load;

namespace BoundedCache.LoadRuns.Results;

/// <summary>The requests that were due in one second of a run, in milliseconds.</summary>
internal sealed record SecondResult(double At, long Requests, long Failed, double P50, double P99, double Longest)
{
    /// <summary>Second by second, with <paramref name="zero"/> as the beginning.</summary>
    public static IReadOnlyList<SecondResult> From(IEnumerable<Request> requests, TimeSpan zero) =>
    [
        .. requests.Where(request => request.At >= zero)
            .GroupBy(request => (int)(request.At - zero).TotalSeconds)
            .OrderBy(static second => second.Key)
            .Select(static second =>
            {
                Latencies latencies = Latencies.From(second);
                return new SecondResult(
                    second.Key, latencies.Requests, latencies.Failed, latencies.P50, latencies.P99, latencies.Longest);
            }),
    ];
}
