using System.Diagnostics;
using BoundedCache.ShrinkDemo.Caches;

namespace BoundedCache.ShrinkDemo.Story;

/// <summary>
/// Records the process's memory from its own thread while the story runs. It keeps a bounded amount of numbers:
/// on long runs every other sample is dropped and the next ones are taken half as often.
/// </summary>
internal sealed class MemorySampler : IDisposable
{
    private const int MostSamples = 2048;

    private readonly Lock _lock = new();
    private readonly List<MemorySample> _samples = new(MostSamples);
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly ManualResetEventSlim _stop = new();
    private readonly IDemoCache _cache;
    private readonly Thread _thread;
    private TimeSpan _interval;

    public MemorySampler(IDemoCache cache, TimeSpan interval)
    {
        _cache = cache;
        _interval = interval;
        _thread = new Thread(Run) { IsBackground = true, Name = "Memory sampler" };
        _thread.Start();
    }

    /// <summary>Time since the sampler was made.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(_started);

    /// <summary>All samples so far, in the order of time.</summary>
    public IReadOnlyList<MemorySample> Samples
    {
        get
        {
            lock (_lock)
            {
                return [.. _samples];
            }
        }
    }

    /// <summary>Takes a sample now as well, so that the lines have a point where a stage begins or ends.</summary>
    public void TakeNow()
    {
        lock (_lock)
        {
            ProcessMemorySnapshot memory = ProcessMemorySnapshot.Take();
            _samples.Add(new MemorySample(
                Now, memory.ResidentBytes, memory.CommittedBytes, memory.LiveBytes, _cache.UsedBytes,
                _cache.LimitBytes));
            if (_samples.Count >= MostSamples)
            {
                Thin();
            }
        }
    }

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        do
        {
            TakeNow();
        }
        while (!_stop.Wait(_interval));
    }

    private void Thin()
    {
        int kept = 0;
        for (int i = 0; i < _samples.Count; i += 2)
        {
            _samples[kept++] = _samples[i];
        }

        _samples.RemoveRange(kept, _samples.Count - kept);
        _interval *= 2;
    }
}
