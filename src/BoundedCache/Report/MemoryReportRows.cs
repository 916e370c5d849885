namespace BoundedCache.Report;

/// <summary>Makes the rows of a report, each with the origin of its figure.</summary>
internal static class MemoryReportRows
{
    public static IReadOnlyList<MemoryReportRow> From(MemoryAnalysis analysis)
    {
        MemoryBreakdown breakdown = analysis.Breakdown;
        bool measured = breakdown.IsLiveMeasured;
        bool counted = breakdown.Space is not null;
        return
        [
            Row(
                MemoryReportRowKind.Cache,
                breakdown.CacheBytes,
                analysis.Caches.Bytes > 0,
                $"accounted by {Caches(analysis.Caches.Counted)}{Policies(analysis.Caches)}"),
            Row(MemoryReportRowKind.OtherLive, breakdown.OtherLiveBytes, !measured
                || analysis.Caches.Bytes > 0, measured
                    ? "survived a collection, less the cache"
                    : "survived the last collection, less what the cache holds or let go"),
            Row(MemoryReportRowKind.Dead, breakdown.DeadBytes, !measured, measured
                ? "did not survive a collection"
                : "let go by caches, or allocated since the last collection"),
            Row(
                MemoryReportRowKind.Fragmentation,
                breakdown.FragmentedBytes,
                isEstimate: true,
                "left by the last collection"),
            Row(MemoryReportRowKind.Unused, breakdown.UnusedBytes, isEstimate: true, analysis.IsHeapCounted
                ? "resident heap, less the rows above"
                : "committed heap, less the rows above"),
            Row(MemoryReportRowKind.Native, breakdown.NativeBytes, !analysis.IsHeapCounted, analysis.IsHeapCounted
                ? "pages counted by the kernel"
                : "resident, less heap and files") with
            {
                Parts = analysis.IsHeapCounted ? NativeParts(breakdown) : [],
            },
            Row(
                MemoryReportRowKind.FileMapped,
                breakdown.FileBytes,
                isEstimate: !counted,
                counted ? "pages counted by the kernel" : "as far as the platform tells"),
            Unfinished(breakdown.UnfinishedEntries),
            Yielded(breakdown),
        ];
    }

    /// <summary>Their bytes are not known, so the row has none: they are in the row of other live objects.</summary>
    private static MemoryReportRow Unfinished(long entries) => Row(
        MemoryReportRowKind.UnfinishedEntries,
        0,
        isEstimate: entries > 0,
        entries == 0 ? "no entry" : $"{entries} {(entries == 1 ? "entry" : "entries")}, among the other live objects");

    /// <summary>What is given up is not resident, so the row has no bytes.</summary>
    private static MemoryReportRow Yielded(MemoryBreakdown breakdown) => Row(
        MemoryReportRowKind.Yielded,
        0,
        isEstimate: false,
        breakdown.Pressures.Count == 0
            ? "nothing"
            : $"{ByteSize.Format(breakdown.YieldedBytes)} of the limits of {Caches(breakdown.Pressures.Count)}");

    private static MemoryReportRow Row(MemoryReportRowKind kind, long bytes, bool isEstimate, string basis) =>
        new() { Kind = kind, Bytes = bytes, IsEstimate = isEstimate, Basis = basis };

    private static List<MemoryReportPart> NativeParts(MemoryBreakdown breakdown)
    {
        AddressSpace space = breakdown.Space!;
        List<MemoryReportPart> parts = [];
        if (breakdown.FreedNativeBytes is long freed)
        {
            parts.Add(
                new MemoryReportPart("native allocator, in use", space.AllocatorBytes - freed) { IsEstimate = true });
            parts.Add(new MemoryReportPart("native allocator, freed and kept", freed) { IsEstimate = true });
        }
        else
        {
            parts.Add(new MemoryReportPart(
                breakdown.ForeignAllocator is null ? "native allocator" : "the C library's allocator",
                space.AllocatorBytes));
        }

        parts.Add(new MemoryReportPart(
            breakdown.Threads == 0 ? "thread stacks" : $"stacks of {breakdown.Threads} threads", space.StackBytes));
        parts.Add(new MemoryReportPart("shared memory and compiled code", space.SharedBytes));
        parts.Add(new MemoryReportPart("written pages of libraries", space.WrittenFileBytes));
        string foreign = breakdown.ForeignAllocator is string name ? $"{name}, " : "";
        if (breakdown.ByteCacheBytes > 0)
        {
            parts.Add(new MemoryReportPart("byte caches", breakdown.ByteCacheBytes));
        }

        parts.Add(new MemoryReportPart(
            $"{foreign}large native blocks and runtime", Math.Max(0, space.OtherBytes - breakdown.ByteCacheBytes)));
        return parts;
    }

    /// <summary>Says which caches do not have the default policy.</summary>
    private static string Policies(CacheShare caches) => caches switch
    {
        { ScanResistant: 0 } => "",
        { Counted: 1 } => ", scan-resistant",
        _ => $", {caches.ScanResistant} of them scan-resistant",
    };

    private static string Caches(int count) => count switch { 0 => "no cache", 1 => "1 cache", _ => $"{count} caches" };
}
