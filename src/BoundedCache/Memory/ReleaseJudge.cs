namespace BoundedCache.Memory;

/// <summary>
/// The rules by which a release counts as full or partial, and what is said about memory that stayed. Every rule asks for an amount
/// and a ratio, so that neither a small process nor a large one is scolded for what is usual.
/// </summary>
internal sealed class ReleaseJudge(ProcessMemory memory, ReleaseLimits limits)
{
    /// <summary>Judges what the collections left.</summary>
    public ReleaseVerdict Decide(in ReleaseEvidence evidence)
    {
        List<string> advice = [];
        string? cause = null;
        if (evidence.FinalizersToBlame)
        {
            cause ??= "finalizers hold what was let go";
            advice.Add(evidence.FinalizersStuck
                ? $"Finalizers did not finish within {limits.Finalizers.TotalSeconds:0.#} s: one is slow or stuck. Dispose values when they are evicted, and suppress their finalizers."
                : $"{evidence.Collection.FinalizersPending} dead objects wait for their finalizers. Dispose values when they are evicted, and suppress their finalizers.");
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
            advice.Add(ExplainIdleHeap(evidence));
        }

        if (limits.IsNative(evidence.NativeBytes, evidence.Collection.CommittedBytes))
        {
            cause ??= evidence.IsShort ? "the memory that stayed is not the managed heap's" : null;
            advice.Add(ExplainNative(evidence));
        }

        return new ReleaseVerdict(cause is null ? ReleaseOutcome.Released : ReleaseOutcome.Partial, Explain(evidence, cause), advice);
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

    private string ExplainIdleHeap(in ReleaseEvidence evidence)
    {
        string idle = ByteSize.Format(evidence.IdleBytes);
        if (evidence.IsPinned)
        {
            return $"{evidence.Collection.PinnedObjects} pinned objects keep {idle} of emptied heap from leaving. Pin for shorter times, or allocate what stays pinned with GC.AllocateArray(pinned: true).";
        }

        if (ReleaseLimits.IsClear(evidence.Collection.FragmentedBytes, evidence.Collection.LiveBytes))
        {
            return $"{ByteSize.Format(evidence.Collection.FragmentedBytes)} are holes between live objects (fragmentation), which a later release may close.";
        }

        return memory.Collector.Replacement is string name
            ? $"The collector {name}, configured in place of the runtime's own, keeps {idle} of empty memory; the runtime's own gives it back."
            : $"The heap keeps {idle} of empty memory for its next use; another collection at the same time may have been the cause, and a later release may give it back.";
    }

    private string ExplainNative(in ReleaseEvidence evidence)
    {
        string text = $"{ByteSize.Format(evidence.NativeBytes)} of the process's memory are outside the managed heap (native libraries, the allocator's reserves, thread stacks), where no collection reaches.";
        return memory.ReadHugePageBytes() is long huge && ReleaseLimits.IsClear(huge, evidence.NativeBytes)
            ? $"{text} {ByteSize.Format(huge)} are in transparent huge pages, which are resident as a whole: consider the setting madvise."
            : text;
    }
}
