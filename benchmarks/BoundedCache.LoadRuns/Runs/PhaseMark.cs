using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadRuns.Processes;
using BoundedCache.LoadRuns.Results;
using BoundedCache.LoadService.Control;

namespace BoundedCache.LoadRuns.Runs;

/// <summary>A phase that is over, and what the service said of itself then.</summary>
internal sealed record PhaseMark(string Name, TimeSpan From, TimeSpan To, ServiceState State)
{
    private static readonly TimeSpan s_last = TimeSpan.FromSeconds(1);

    public PhaseResult ToResult(IReadOnlyList<ResidentSample> resident, IReadOnlyList<Request> requests)
    {
        TimeSpan tail = To - From > s_last ? To - s_last : From;
        return new PhaseResult
        {
            Name = Name,
            From = From.TotalSeconds,
            To = To.TotalSeconds,
            ResidentBytes = resident.MedianBytes(tail, To),
            PeakBytes = resident.Between(From, To).Max(static sample => sample.Bytes),
            UsedBytes = State.UsedBytes,
            MaxBytes = State.MaxBytes,
            Latencies = Latencies.From(requests.Where(request => request.At >= From && request.At <= To)),
        };
    }
}
