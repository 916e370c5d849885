namespace BoundedCache.Report;

/// <summary>The rules about memory that is in use outside the caches: other live objects and mapped files.</summary>
internal static class OtherRules
{
    private static readonly Bound s_otherLive = new(64, 0.5);
    private static readonly Bound s_mappedFiles = new(64, 0.25);

    /// <summary>
    /// What callbacks refer to, or hold while they wait, is said from one part in this many of the other live objects
    /// on.
    /// </summary>
    private const int CallbackPart = 10;

    public static IEnumerable<MemoryReportFinding?> Check(MemoryBreakdown breakdown) =>
        [CheckPressure(breakdown), CheckOtherLive(breakdown), CheckMappedFiles(breakdown)];

    /// <summary>Caches give up some of their limits, which is worth a sentence however little it is.</summary>
    private static MemoryReportFinding? CheckPressure(MemoryBreakdown breakdown)
    {
        if (breakdown.Pressures is not [_, ..] pressures)
        {
            return null;
        }

        CachePressure most = pressures.MaxBy(static pressure => pressure.YieldedBytes)!;
        long bytes = breakdown.YieldedBytes;
        string limit = most.Kind == MemoryPressureKind.Container ? "the container"
            : most.Kind == MemoryPressureKind.Machine ? "the machine"
            : "the heap";
        return new MemoryReportFinding
        {
            Cause = MemoryReportCause.MemoryPressure,
            Bytes = bytes,
            Text = $"{pressures.Count} {(pressures.Count == 1 ? "cache yields" : "caches yield")} "
                + $"{ByteSize.Format(bytes)} of {(pressures.Count == 1 ? "its limit" : "their limits")}, because the "
                + $"process was short of memory. {most}",
            Advice = $"Lower MaxMemory, or the memory that other code needs, or give {limit} more.",
        };
    }

    /// <summary>
    /// Half of the process or more is live objects in no cache. Before the first collection it is unknown what is live.
    /// </summary>
    private static MemoryReportFinding? CheckOtherLive(MemoryBreakdown breakdown) =>
        breakdown.IsNeverCollected || !s_otherLive.IsReached(breakdown.OtherLiveBytes, breakdown.ResidentBytes)
            ? null
            : breakdown.UnfinishedEntries > 0 || breakdown.GrownBytes > 0 || breakdown.UnfollowedEntries > 0
                || IsMuch(breakdown.CallbackBytes, breakdown) || IsMuch(breakdown.PendingBytes, breakdown)
            ? ExplainUncounted(breakdown)
            : new MemoryReportFinding
            {
                Cause = MemoryReportCause.OtherLive,
                Bytes = breakdown.OtherLiveBytes,
                Text = (breakdown is { UncountedCaches: 0, IsSearchCut: false, IsOverdue: false }
                        ? "It is not the cache: "
                        : "")
                    + $"{ByteSize.Format(breakdown.OtherLiveBytes)} are "
                    + $"{(breakdown.IsLiveMeasured ? "" : "probably ")}live objects outside any cache that reports, "
                    + $"where entries are {ByteSize.Format(breakdown.CacheBytes)}.",
                Advice = (breakdown.UncountedCaches == 0
                    ? breakdown.IsSearchCut
                        ? "There was no time to look at all entries: values that grew, or whose types are not "
                            + "followed, may keep some of it alive."
                        : breakdown.IsOverdue
                        ? "Beside them lies garbage of caches that is not collected yet; see there."
                        : "Lowering a limit will not help."
                    : $"Some may be entries of {breakdown.UncountedCaches} "
                        + $"cache{(breakdown.UncountedCaches == 1 ? "" : "s")} whose bytes are not counted here.")
                    + " Take a heap dump (dotnet-gcdump collect) and look for the "
                    + "largest types and who refers to them: static collections, other caches, sessions, queues.",
            };

    /// <summary>Live objects in no account, some of which may hang on entries. So no cache is cleared of it.</summary>
    private static MemoryReportFinding ExplainUncounted(MemoryBreakdown breakdown)
    {
        string unfinished = breakdown.UnfinishedEntries > 0
            ? $" {breakdown.UnfinishedEntries} {(breakdown.UnfinishedEntries == 1 ? "entry was" : "entries were")} "
                + "stored before the value was finished or counted to its end, and what it keeps alive is not known "
                + "yet."
            : "";
        string grown = breakdown.GrownBytes > 0
            ? $" Values were lately found to have grown by {ByteSize.Format(breakdown.GrownBytes)} after they "
                + "were stored."
            : "";
        string unfollowed = breakdown.UnfollowedEntries > 0
            ? $" {breakdown.UnfollowedEntries} "
                + (breakdown.UnfollowedEntries == 1 ? "entry has a value" : "entries have values")
                + " whose type is not followed or cannot be looked into, or that "
                + (breakdown.UnfollowedEntries == 1 ? "holds" : "hold")
                + " a running task or a delegate; what is kept alive by these is not counted."
            : "";
        string callbacks = IsMuch(breakdown.CallbackBytes, breakdown)
            ? $" The eviction callbacks of entries refer to {ByteSize.Format(breakdown.CallbackBytes)} that no entry "
                + "is charged."
            : "";
        string pending = IsMuch(breakdown.PendingBytes, breakdown)
            ? $" Entries of {ByteSize.Format(breakdown.PendingBytes)} have left caches or were refused, and their "
                + "values are held until their eviction callbacks, or their disposal, have run."
            : "";
        List<string> advice = [];
        if (unfinished.Length + grown.Length > 0)
        {
            advice.Add("Values are measured again when they are finished, and in the background (AuditShare); look "
                + "again in a minute. Store values when they are complete, or call Remeasure after a change.");
        }

        if (unfollowed.Length > 0)
        {
            advice.Add("Give the types of such values a sizer (AddSizer), or their entries a Size. The log names the "
                + "types (SizeEstimated, ObjectsNotMeasured), except those of delegates whose captured variables are "
                + "not followed, and those that hold a running task or a delegate.");
        }

        if (callbacks.Length > 0)
        {
            advice.Add("Pass callbacks a key or an id as their state, and capture no large object.");
        }

        if (pending.Length > 0)
        {
            advice.Add("Make eviction callbacks return quickly, and hand slow work on with a key or an id.");
        }

        return new MemoryReportFinding
        {
            Cause = MemoryReportCause.UncountedValues,
            Bytes = breakdown.OtherLiveBytes,
            Text = $"{ByteSize.Format(breakdown.OtherLiveBytes)} are "
                + $"{(breakdown.IsLiveMeasured ? "" : "probably ")}live objects in no cache's account, where entries "
                + $"are {ByteSize.Format(breakdown.CacheBytes)}; how much of them hangs on entries is not known."
                + unfinished + grown + unfollowed + callbacks + pending,
            Advice = string.Join(' ', advice),
        };
    }

    private static bool IsMuch(long bytes, MemoryBreakdown breakdown) =>
        bytes >= Math.Max(1, breakdown.OtherLiveBytes / CallbackPart);

    /// <summary>Mapped files, beyond the assemblies and libraries of a plain application.</summary>
    private static MemoryReportFinding? CheckMappedFiles(MemoryBreakdown breakdown)
    {
        if (!s_mappedFiles.IsReached(breakdown.FileBytes, breakdown.ResidentBytes))
        {
            return null;
        }

        string largest = breakdown.Space?.LargestFile is string path
            ? $", the largest {path} ({ByteSize.Format(breakdown.Space.LargestFileBytes)})"
            : "";
        return new MemoryReportFinding
        {
            Cause = MemoryReportCause.MappedFiles,
            Bytes = breakdown.FileBytes,
            Text = $"{ByteSize.Format(breakdown.FileBytes)} are pages of mapped files{largest}.",
            Advice = "RSS counts them, but the kernel takes unchanged ones back whenever it needs memory. "
                + "Dispose views (MemoryMappedFile) that are no longer needed.",
        };
    }
}
