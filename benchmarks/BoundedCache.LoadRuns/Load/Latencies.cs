using HdrHistogram;

namespace BoundedCache.LoadRuns.Load;

/// <summary>How long the requests of some stretch of time took, in milliseconds.</summary>
internal sealed record Latencies
{
    private const long MostMicroseconds = 120_000_000;
    private const int SignificantDigits = 3;

    public required long Requests { get; init; }

    public required long Failed { get; init; }

    public required double P50 { get; init; }

    public required double P90 { get; init; }

    public required double P99 { get; init; }

    public required double Longest { get; init; }

    /// <summary>
    /// Of requests that failed too, since somebody waited for those as well. All zero for no requests.
    /// </summary>
    public static Latencies From(IEnumerable<Request> requests)
    {
        var histogram = new LongHistogram(1, MostMicroseconds, SignificantDigits);
        long failed = 0;
        foreach (Request request in requests)
        {
            histogram.RecordValue(Math.Clamp((long)request.Took.TotalMicroseconds, 1, MostMicroseconds));
            failed += request.Failure is null ? 0 : 1;
        }

        return new Latencies
        {
            Requests = histogram.TotalCount,
            Failed = failed,
            P50 = At(50),
            P90 = At(90),
            P99 = At(99),
            Longest = At(100),
        };

        double At(double percentile) =>
            histogram.TotalCount == 0 ? 0 : histogram.GetValueAtPercentile(percentile) / 1000.0;
    }

    /// <summary>
    /// The longest time in which no answer came at all, between the first and the last of these requests.
    /// </summary>
    /// <remarks>
    /// Requests are due every millisecond or so, so whenever no answer comes some are waiting. That is what a stop of
    /// the service is. A single request may take longer: after a stop all those that came meanwhile are served at once,
    /// and the last of them waits for the others.
    /// </remarks>
    public static TimeSpan LongestStall(IEnumerable<Request> requests)
    {
        TimeSpan[] done = [.. requests.Select(static request => request.DoneAt).Order()];
        return done.Length < 2
            ? TimeSpan.Zero
            : done.Zip(done.Skip(1), static (earlier, later) => later - earlier).Max();
    }
}
