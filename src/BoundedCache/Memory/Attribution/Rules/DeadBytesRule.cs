namespace BoundedCache.Memory.Attribution.Rules;

/// <summary>A good part of the managed heap is dead, and no collection has come by.</summary>
internal sealed class DeadBytesRule : IMemoryRule
{
    private static readonly Bound s_bound = new(32, 0.25);

    /// <inheritdoc/>
    public MemoryReportFinding? Check(MemoryEvidence evidence)
    {
        // What finalizers held is dead as well, and has a rule of its own.
        long dead = evidence.DeadBytes - (evidence.FinalizerBytes ?? 0);
        return !s_bound.IsReached(dead, evidence.HeapBytes) ? null : new MemoryReportFinding
        {
            Cause = MemoryReportCause.Dead,
            Bytes = dead,
            Text = $"{ByteSize.Format(dead)} of the managed heap {(evidence.IsLiveMeasured ? "were" : "are probably")} dead and not collected yet.",
            Advice = "The runtime collects them when it needs the room. To have the memory back now, release it (ReleaseAsync, or lower MaxMemory).",
        };
    }
}
