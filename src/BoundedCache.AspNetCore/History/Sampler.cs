using System.Diagnostics.CodeAnalysis;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.Json;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore.History;

/// <summary>
/// Samples the process and its caches at regular intervals, from the host's start to its stop, and keeps the last
/// samples. Thread-safe.
/// </summary>
internal sealed class Sampler(
    Func<IReadOnlyList<IBoundedCache>> caches,
    ShrinkHistory shrinks,
    ChangeHistory changes,
    EventHub events,
    BoundedCacheAdminOptions options,
    ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly Lock _sampling = new();
    private readonly SampleTiers _samples = new(options.HistorySamples, options.SampleInterval);
    private readonly Dictionary<string, (long Hits, long Misses)> _lookups = new(StringComparer.Ordinal);
    private ITimer? _timer;
    private bool _stopped;

    /// <summary>The samples after a moment that are kept, oldest first.</summary>
    public IReadOnlyList<SampleView> After(DateTimeOffset since)
    {
        lock (_lock)
        {
            return _samples.After(since);
        }
    }

    /// <summary>The last sample; null before the first.</summary>
    public SampleView? Last
    {
        get
        {
            lock (_lock)
            {
                return _samples.Last;
            }
        }
    }

    public void Start()
    {
        lock (_lock)
        {
            if (!_stopped && _timer is null)
            {
                _timer = options.TimeProvider.CreateTimer(
                    static sampler => ((Sampler)sampler!).OnTimer(), this, TimeSpan.Zero, options.SampleInterval);
            }
        }
    }

    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            _timer?.Dispose();
            _timer = null;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "An exception on a timer's thread would end the process.")]
    private void OnTimer()
    {
        // A sample is skipped while the previous one is still being taken.
        if (!_sampling.TryEnter())
        {
            return;
        }

        try
        {
            Take();
        }
        catch (ObjectDisposedException)
        {
            // A container that is disposed while its host still runs gives no earlier sign.
            Stop();
            events.End();
        }
        catch (Exception exception)
        {
            Log.SampleFailed(logger, exception);
        }
        finally
        {
            _sampling.Exit();
        }
    }

    private void Take()
    {
        DateTimeOffset now = options.TimeProvider.GetUtcNow();
        var process = ProcessMemorySnapshot.Take();
        CacheSnapshot[] snapshots = [.. caches().Select(static cache => cache.GetSnapshot())];
        var sample = SampleView.From(now, process, [.. snapshots.Select(SampleOf)]);
        lock (_lock)
        {
            if (_stopped)
            {
                return;
            }

            _samples.Add(sample);
        }

        // A shrink that the application or its configuration caused is first seen here.
        foreach (CacheSnapshot snapshot in snapshots)
        {
            changes.Observe(snapshot.Name, snapshot.Sizing, snapshot.MaxMemory);
            if (snapshot.LastReport is { } report)
            {
                shrinks.Note(report);
            }
        }

        events.Publish("sample", sample, AdminJsonContext.Readable.SampleView);
    }

    private CacheSample SampleOf(CacheSnapshot cache)
    {
        (long hits, long misses) = _lookups.GetValueOrDefault(cache.Name);
        double? ratio = null;
        if (cache is { Hits: { } allHits, Misses: { } allMisses })
        {
            long lookups = allHits - hits + (allMisses - misses);
            ratio = lookups > 0 ? Math.Round((allHits - hits) / (double)lookups, 4) : null;
            _lookups[cache.Name] = (allHits, allMisses);
        }

        return new CacheSample(
            cache.Name,
            cache.UsedMemory,
            cache.MaxMemory,
            cache.EffectiveMaxMemory,
            cache.Count,
            ratio,
            cache.Hits,
            cache.Misses,
            cache.Evictions.Capacity.Entries + cache.Evictions.Shrink.Entries);
    }
}
