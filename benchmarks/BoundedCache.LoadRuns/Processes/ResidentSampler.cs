using BoundedCache.LoadRuns.Load;

namespace BoundedCache.LoadRuns.Processes;

/// <summary>A thread that looks at another process's resident memory every 50 ms.</summary>
internal sealed class ResidentSampler : IDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(50);

    private readonly int _processId;
    private readonly RunClock _clock;
    private readonly List<ResidentSample> _samples = [];
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private long _peakBytes;

    public ResidentSampler(int processId, RunClock clock)
    {
        _processId = processId;
        _clock = clock;
        _thread = new Thread(Watch) { IsBackground = true, Name = "resident memory" };
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

    /// <summary>
    /// Looks now, besides every 50 ms: on a busy machine the thread may not get to look for longer than a phase lasts,
    /// and what is asked of a phase must have an answer. Called at its end, by the clock before that end is taken.
    /// </summary>
    /// <exception cref="LoadException">The process is gone.</exception>
    public void Look()
    {
        if (!TryLook())
        {
            throw new LoadException(ExitCode.Failed, $"process {_processId}, whose memory is looked at, has ended");
        }
    }

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }

    private void Watch()
    {
        while (TryLook() && !_stop.Wait(s_every))
        {
        }
    }

    private bool TryLook()
    {
        // Reading and storing happen under the lock. So samples stay in the order of time, also with several readers.
        lock (_samples)
        {
            if (ProcessStatus.Read(_processId) is not { } status)
            {
                return false;
            }

            Volatile.Write(ref _peakBytes, status.PeakBytes);
            _samples.Add(new ResidentSample(_clock.Elapsed, status.ResidentBytes));
            return true;
        }
    }
}
