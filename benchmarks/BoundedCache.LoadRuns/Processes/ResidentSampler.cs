using BoundedCache.LoadRuns.Load;

namespace BoundedCache.LoadRuns.Processes;

/// <summary>A thread that looks at another process's resident memory every 50 ms.</summary>
internal sealed class ResidentSampler : IDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(50);

    private readonly List<ResidentSample> _samples = [];
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private long _peakBytes;

    public ResidentSampler(int processId, RunClock clock)
    {
        _thread = new Thread(() => Sample(processId, clock)) { IsBackground = true, Name = "resident memory" };
        _thread.Start();
    }

    /// <summary>
    /// The most that the process ever had resident, by the kernel's own mark, as far as it was looked at; in bytes.
    /// </summary>
    public long PeakBytes => Volatile.Read(ref _peakBytes);

    /// <summary>What was seen so far, in the order of time.</summary>
    public IReadOnlyList<ResidentSample> Samples
    {
        get
        {
            lock (_samples)
            {
                return [.. _samples];
            }
        }
    }

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }

    private void Sample(int processId, RunClock clock)
    {
        do
        {
            if (ProcessStatus.Read(processId) is not { } status)
            {
                return;
            }

            Volatile.Write(ref _peakBytes, status.PeakBytes);
            lock (_samples)
            {
                _samples.Add(new ResidentSample(clock.Elapsed, status.ResidentBytes));
            }
        }
        while (!_stop.Wait(s_every));
    }
}
