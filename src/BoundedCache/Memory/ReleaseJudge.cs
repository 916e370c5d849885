using BoundedCache.Memory.Attribution;
using BoundedCache.Memory.Attribution.Rules;

namespace BoundedCache.Memory;

/// <summary>
/// The rules by which a release counts as full or partial, and what is said about memory that stayed, in the words of the memory report's rules. Every rule asks for an amount
/// and a ratio, so that neither a small process nor a large one is scolded for what is usual.
/// </summary>
internal sealed class ReleaseJudge(ProcessMemory memory, ReleaseLimits limits)
{
    /// <summary>Judges what the collections left.</summary>
    /// <param name="evidence">What is known.</param>
    /// <param name="account">How it went, as sentences for the reason.</param>
    /// <param name="trim">What asking the native allocator came to; null where it was not asked.</param>
    public ReleaseVerdict Decide(in ReleaseEvidence evidence, IReadOnlyList<string> account, NativeTrim? trim)
    {
        List<string> advice = [];
        string? cause = null;
        if (evidence.FinalizersToBlame)
        {
            cause ??= "finalizers hold what was let go";
            advice.Add(FinalizerRule.Explain(evidence.Collection.FinalizersPending, evidence.AliveBytes, isMeasured: false, evidence.FinalizersStuck).ToString());
        }
        else if (evidence.IsStillAlive)
        {
            cause ??= "the rest is still alive";
            advice.Add($"{ByteSize.Format(evidence.AliveBytes)} of what was let go is still referenced, or as much was allocated meanwhile. Look for other holders of the values: fields, closures, requests under way.");
        }

        if (evidence.IsShort && !evidence.Order.Settled)
        {
            advice.Add($"Eviction callbacks had not finished after {limits.Settling.TotalSeconds:0.#} s, and hold the values they were called with.");
        }

        if (evidence.IsHeapIdle)
        {
            cause ??= "the managed heap keeps memory that nothing lives in";
            advice.Add(ExplainIdleHeap(evidence).ToString());
        }

        if (limits.IsNative(evidence.NativeBytes, evidence.Collection.CommittedBytes))
        {
            cause ??= evidence.IsShort ? "the memory that stayed is not the managed heap's" : null;
            advice.AddRange(ExplainNative(evidence).Select(static finding => finding.ToString()));
        }

        advice.AddRange(ExplainElsewhere(evidence).Select(static finding => finding.ToString()));

        List<string> sentences = [Explain(evidence, cause), .. account];
        if (trim is { IsSupported: true } done)
        {
            sentences.Add($"The native allocator gave back {ByteSize.Format(Math.Max(0, done.ReleasedBytes))} in {done.Duration.TotalMilliseconds:0} ms.");
        }
        else if (trim is not null)
        {
            advice.Add("TrimNativeMemory has no effect here: only the GNU C library has malloc_trim.");
        }

        return new ReleaseVerdict(cause is null ? ReleaseOutcome.Released : ReleaseOutcome.Partial, string.Join(' ', sentences), advice);
    }

    private static string Explain(in ReleaseEvidence evidence, string? cause)
    {
        string fallen = evidence.FallenBytes > 0
            ? $"memory fell by {ByteSize.Format(evidence.FallenBytes)} to {ByteSize.Format(evidence.OccupiedBytes)}"
            : $"memory did not fall and is {ByteSize.Format(evidence.OccupiedBytes)}";
        string expected = evidence.ExpectedBytes > 0 ? $", where {ByteSize.Format(evidence.ExpectedBytes)} were expected back" : "";
        return cause is not null ? $"The process's {fallen}{expected}: {cause}."
            : evidence.IsShort ? $"The process's {fallen}: there was no more to give back, whatever was expected had gone before."
            : $"The process's {fallen}{expected}.";
    }

    /// <summary>Why the managed heap keeps what is empty, asked in the order in which the report's rules would have it.</summary>
    private MemoryReportFinding ExplainIdleHeap(in ReleaseEvidence evidence)
    {
        CollectorSettings settings = memory.Collector.Settings;
        return evidence.IsPinned ? PinRule.Explain(evidence.Collection.PinnedObjects, evidence.IdleBytes)
            : ReleaseLimits.IsClear(evidence.Collection.FragmentedBytes, evidence.Collection.LiveBytes) ? FragmentationRule.Explain(evidence.Collection.FragmentedBytes)
            : settings.RetainsMemory ? RetainVMRule.Explain(evidence.IdleBytes)
            : settings.Replacement is string name ? ReplacedCollectorRule.Explain(name, evidence.IdleBytes)
            : settings.IsServer ? ServerGCRule.Explain(settings, evidence.IdleBytes)
            : UnusedHeapRule.Explain(evidence.IdleBytes);
    }

    /// <summary>What the rules find outside the managed heap; that it is much, where they find no more.</summary>
    private MemoryReportFinding[] ExplainNative(in ReleaseEvidence evidence)
    {
        MemoryEvidence survey = Survey();
        MemoryReportFinding[] found = survey.Space is null ? [] : [.. MemoryRules.CheckNative(survey)];
        return found.Length > 0 ? found : [NativeInUseRule.Explain(evidence.NativeBytes, survey.NativeHeap)];
    }

    /// <summary>What the rules find that is neither a cache's nor kept by anybody: no release could have taken it, and without a word of it nobody knows why RSS stays.</summary>
    private IReadOnlyList<MemoryReportFinding> ExplainElsewhere(in ReleaseEvidence evidence)
    {
        // What is missing of what was let go has been told before this.
        long told = evidence.FinalizersToBlame || evidence.IsStillAlive ? evidence.AliveBytes : 0;
        CacheShare? caches = evidence.Order.AskCaches?.Invoke();
        var seen = new MemoryEvidence
        {
            ResidentBytes = evidence.After.ResidentBytes,
            HeapBytes = evidence.Collection.CommittedBytes,
            CacheBytes = caches?.Bytes ?? 0,
            OtherLiveBytes = caches is { } share ? evidence.Collection.LiveBytes - share.Bytes - told : 0,
            FileBytes = evidence.After.FileBytes ?? 0,

            // Small collections leave the old that died since the last one of the whole heap.
            IsLiveMeasured = evidence.Order.IsFull,
        };

        // The mappings, which name the largest file, are only read where files are worth a sentence.
        bool hasFiles = MemoryRules.CheckElsewhere(seen).Any(static finding => finding.Cause == MemoryReportCause.MappedFiles);
        return MemoryRules.CheckElsewhere(hasFiles ? seen with { Space = Survey().Space } : seen);
    }

    private MemoryEvidence Survey() => new Surveyor(memory, new GnuNativeHeap()).Take(collect: false, static () => default).Evidence;
}
