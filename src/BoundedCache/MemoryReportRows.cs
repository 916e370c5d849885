using BoundedCache.Memory.Attribution;

namespace BoundedCache;

/// <summary>Makes the rows of a report, and says of each where its figure comes from.</summary>
internal static class MemoryReportRows
{
    public static IReadOnlyList<MemoryReportRow> Of(Survey survey)
    {
        MemoryEvidence evidence = survey.Evidence;
        bool measured = evidence.IsLiveMeasured;
        bool counted = evidence.Space is not null;
        return
        [
            Row(MemoryReportRowKind.Cache, evidence.CacheBytes, survey.Caches.Bytes > 0, $"accounted by {Caches(survey.Caches.Counted)}"),
            Row(MemoryReportRowKind.OtherLive, evidence.OtherLiveBytes, !measured || survey.Caches.Bytes > 0, measured
                ? "survived a collection, less the cache"
                : "survived the last collection, less what the cache holds or let go"),
            Row(MemoryReportRowKind.Dead, evidence.DeadBytes, !measured, measured
                ? "did not survive a collection"
                : "let go by caches, or allocated since the last collection"),
            Row(MemoryReportRowKind.Fragmentation, evidence.FragmentedBytes, isEstimate: true, "left by the last collection"),
            Row(MemoryReportRowKind.Unused, evidence.UnusedBytes, isEstimate: true, survey.IsHeapCounted
                ? "resident heap, less the rows above"
                : "committed heap, less the rows above"),
            Row(MemoryReportRowKind.Native, evidence.NativeBytes, !survey.IsHeapCounted, survey.IsHeapCounted
                ? "pages counted by the kernel"
                : "resident, less heap and files") with { Parts = survey.IsHeapCounted ? NativeParts(evidence) : [] },
            Row(MemoryReportRowKind.FileMapped, evidence.FileBytes, isEstimate: !counted, counted ? "pages counted by the kernel" : "as far as the platform tells"),
        ];
    }

    private static MemoryReportRow Row(MemoryReportRowKind kind, long bytes, bool isEstimate, string basis) =>
        new() { Kind = kind, Bytes = bytes, IsEstimate = isEstimate, Basis = basis };

    private static List<MemoryReportPart> NativeParts(MemoryEvidence evidence)
    {
        AddressSpace space = evidence.Space!;
        List<MemoryReportPart> parts = [];
        if (evidence.FreedNativeBytes is long freed)
        {
            parts.Add(new MemoryReportPart("native allocator, in use", space.AllocatorBytes - freed) { IsEstimate = true });
            parts.Add(new MemoryReportPart("native allocator, freed and kept", freed) { IsEstimate = true });
        }
        else
        {
            parts.Add(new MemoryReportPart("native allocator", space.AllocatorBytes));
        }

        parts.Add(new MemoryReportPart($"stacks of {evidence.Threads} threads", space.StackBytes));
        parts.Add(new MemoryReportPart("shared memory and compiled code", space.SharedBytes));
        parts.Add(new MemoryReportPart("written pages of libraries", space.WrittenFileBytes));
        parts.Add(new MemoryReportPart("large native blocks and runtime", space.OtherBytes));
        return parts;
    }

    private static string Caches(int count) => count switch { 0 => "no cache", 1 => "1 cache", _ => $"{count} caches" };
}
