using System.Diagnostics;
using BoundedCache.ShrinkDemo.Caches;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Progress;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Traces;
using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.ShrinkDemo.Story;

/// <summary>
/// Takes a cache through the stages. For each: do the step, watch the process for a while, read its memory,
/// check what the cache returns.
/// </summary>
internal sealed class StoryTeller(
    DemoOptions options, IDemoCache cache, IStoryObserver observer, CancellationToken cancellationToken)
{
    /// <summary>
    /// The maximum number of entries written in the last stage: enough to see RSS rise, few enough to be quick.
    /// </summary>
    private const long MostReuseEntries = 200_000;

    private static readonly TimeSpan s_sampleInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_watchInterval = TimeSpan.FromMilliseconds(100);

    private readonly AccessLedger _ledger = new(cache);
    private readonly List<StageResult> _results = [];
    private readonly List<ReportResult> _reports = [];
    private readonly List<string> _faults = [];
    private readonly GeneratedEntries _again =
        GeneratedEntries.FillingAQuarter("again", options.MaxMemoryBytes, MostReuseEntries, options.ValueBytes);

    /// <summary>Runs the whole story.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="DemoException">The trace to replay cannot be read.</exception>
    public async Task<DemoResult> TellAsync()
    {
        TraceReplay? trace = options.TraceFile is null ? null : new TraceReplay(options.TraceFile);
        IWorkload workload = trace is null ? new GeneratedEntries("key", options.Entries, options.ValueBytes) : trace;
        using var sampler = new MemorySampler(cache, s_sampleInterval);
        foreach (Stage stage in StagePlan.For(options))
        {
            await TellAsync(stage, workload, sampler).ConfigureAwait(false);
        }

        CountFaults();
        IReadOnlyList<MemorySample> timeline = sampler.Samples;
        var result = new DemoResult
        {
            Setup = SetupResult.From(options, workload.Description),
            Environment = EnvironmentResult.Current(),
            Stages = _results,
            Access = AccessResult.From(_ledger),
            Trace = trace?.Result,
            Reports = _reports,
            Memory = MemoryReport.Capture(),
            Promises = PromiseResult.For(_results),
            PeakResidentBytes = timeline.Max(sample => sample.ResidentBytes),
            Faults = _faults,
            Verdict = string.Empty,
            Timeline = timeline,
        };
        return result with { Verdict = Verdict.Write(result) };
    }

    private async Task TellAsync(Stage stage, IWorkload workload, MemorySampler sampler)
    {
        observer.StageStarted(stage.Number, Label(stage, workload, done: false));
        sampler.TakeNow();
        TimeSpan startedAt = sampler.Now;
        TimeSpan pauseBefore = GC.GetTotalPauseDuration();
        long started = Stopwatch.GetTimestamp();
        ShrinkReport? report = await StepAsync(stage, workload).ConfigureAwait(false);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        await WatchAsync(stage.Kind == StageKind.Lower ? 2 * options.Wait : options.Wait).ConfigureAwait(false);

        ProcessMemorySnapshot memory = ProcessMemorySnapshot.Take();
        sampler.TakeNow();
        var result = new StageResult
        {
            Number = stage.Number,
            Kind = stage.Kind,
            Label = Label(stage, workload, done: true),
            LimitBytes = stage.LimitBytes,
            Entries = cache.Count,
            CacheBytes = cache.UsedBytes,
            LiveBytes = memory.LiveBytes,
            CommittedBytes = memory.CommittedBytes,
            ResidentBytes = memory.ResidentBytes,
            Elapsed = elapsed,
            GcPause = GC.GetTotalPauseDuration() - pauseBefore,
            StartedAt = startedAt,
            EndedAt = sampler.Now,
        };
        _results.Add(result);
        if (report is not null)
        {
            _reports.Add(ReportResult.From(report, stage.Number));
        }

        Check(stage, result, workload);
        observer.StageFinished(result);
    }

    private async Task<ShrinkReport?> StepAsync(Stage stage, IWorkload workload)
    {
        cancellationToken.ThrowIfCancellationRequested();
        switch (stage.Kind)
        {
            case StageKind.Start:
                // The collector's figures describe its last collection, so one must have run.
                PlainCollection.Run();
                return null;
            case StageKind.Fill:
                workload.Run(_ledger, observer.Worked, cancellationToken);
                return null;
            case StageKind.Lower:
                return await cache.LowerAsync(stage.LimitBytes, cancellationToken).ConfigureAwait(false);
            case StageKind.Release:
                return await cache.ReleaseAsync(cancellationToken).ConfigureAwait(false);
            case StageKind.Shrink:
                return await cache.ShrinkAsync(stage.LimitBytes, cancellationToken).ConfigureAwait(false);
            case StageKind.Reuse:
                await cache.RaiseAsync(stage.LimitBytes, cancellationToken).ConfigureAwait(false);
                _again.Run(_ledger, observer.Worked, cancellationToken);
                return null;
            default:
                throw new ArgumentOutOfRangeException(nameof(stage));
        }
    }

    private async Task WatchAsync(TimeSpan time)
    {
        long started = Stopwatch.GetTimestamp();
        for (TimeSpan left = time; left > TimeSpan.Zero; left = time - Stopwatch.GetElapsedTime(started))
        {
            observer.Watching(left);
            await Task.Delay(left < s_watchInterval ? left : s_watchInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    private string Label(Stage stage, IWorkload workload, bool done) => stage.Kind switch
    {
        StageKind.Start => "start",
        StageKind.Fill => done ? workload.DoneLabel : $"writing {workload.Description}",
        _ => cache.Describe(stage),
    };

    /// <summary>
    /// Reads what the cache must hold and some of what it may hold. Runs after the memory was read, so as not to
    /// disturb it.
    /// </summary>
    private void Check(Stage stage, StageResult result, IWorkload workload)
    {
        if (stage.Kind == StageKind.Start)
        {
            return;
        }

        foreach (Probe probe in workload.Sample().Concat(stage.Kind == StageKind.Reuse ? _again.Sample() : []))
        {
            _ledger.Read(probe.Key, probe.Stamp);
        }

        if (!cache.PromisesLru)
        {
            return;
        }

        // The newest are read last, so that they are still the newest when the next stage lowers the limit.
        foreach (Probe probe in (stage.Kind == StageKind.Reuse ? _again : workload).Newest(stage.LimitBytes))
        {
            _ledger.ReadPromised(probe.Key, probe.Stamp);
        }

        if (result.CacheBytes > stage.LimitBytes)
        {
            _faults.Add(
                $"in stage {stage.Number} it uses {result.CacheBytes:N0} bytes of {stage.LimitBytes:N0} allowed");
        }
    }

    private void CountFaults()
    {
        if (_ledger.Wrong > 0)
        {
            _faults.Add($"{_ledger.Wrong:N0} reads returned what was not written under their key");
        }

        if (_ledger.Lost > 0)
        {
            _faults.Add($"{_ledger.Lost:N0} of the newest entries were gone");
        }

        if (cache.PromisesLru && _ledger.Dropped > 0)
        {
            _faults.Add($"{_ledger.Dropped:N0} of {_ledger.Writes:N0} writes were not taken");
        }
    }
}
