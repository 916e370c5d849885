using System.Globalization;
using BoundedCache.Harness.Traces;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.ShrinkDemo.Traces;

/// <summary>
/// Replays an access trace on the cache: a hit is read, a miss writes a value of the request's size.
/// </summary>
internal sealed class TraceReplay(string path) : IWorkload
{
    private const int Probes = 1000;

    /// <summary>The last requested keys. The replay itself keeps no other strings of the trace.</summary>
    private readonly Queue<string> _recent = new(Probes);
    private readonly string _fileName = Path.GetFileName(path);
    private long _requests;
    private long _hits;
    private long _requestedBytes;
    private long _hitBytes;

    public string Description => $"the trace {_fileName}";

    public string DoneLabel => string.Create(CultureInfo.InvariantCulture, $"{_requests:N0} requests of {_fileName}");

    public TraceResult Result => new()
    {
        File = _fileName,
        Requests = _requests,
        Hits = _hits,
        RequestedBytes = _requestedBytes,
        HitBytes = _hitBytes,
    };

    public void Run(AccessLedger ledger, Action<WorkProgress> progress, CancellationToken cancellationToken)
    {
        using var reader = new TraceReader(path);
        while (reader.TryRead(out TraceRequest request))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Replay(request, ledger);
            progress(new WorkProgress(_requests, reader.Share));
        }

        if (_requests == 0)
        {
            throw new DemoException(ExitCode.Failed, $"{path} holds no requests; a line is {TraceLine.Expected}");
        }
    }

    public IEnumerable<Probe> Sample() => _recent.Select(key => new Probe(key, Stamp(key)));

    public IEnumerable<Probe> Newest(long limitBytes) => [];

    private static ulong Stamp(string key) =>
        ((ulong)key.Length << 32) | (uint)key.GetHashCode(StringComparison.Ordinal);

    private void Replay(TraceRequest request, AccessLedger ledger)
    {
        _requests++;
        _requestedBytes += request.SizeBytes;
        if (ledger.Read(request.Key, Stamp(request.Key)))
        {
            _hits++;
            _hitBytes += request.SizeBytes;
        }
        else
        {
            ledger.Write(request.Key, request.SizeBytes, Stamp(request.Key));
        }

        if (_recent.Count == Probes)
        {
            _recent.Dequeue();
        }

        _recent.Enqueue(request.Key);
    }
}
