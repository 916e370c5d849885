using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>
/// The memory of the managed heap without objects, and why the heap keeps it: the one decision that the report and
/// releases share. Each byte is in one finding at most.
/// </summary>
/// <param name="HoleBytes">Holes between objects.</param>
/// <param name="EmptyBytes">Memory that is neither in objects nor in holes.</param>
/// <param name="PinnedObjects">Objects that the last collections could not move.</param>
/// <param name="Settings">How the collector is configured.</param>
internal readonly record struct IdleHeap(
    long HoleBytes, long EmptyBytes, long PinnedObjects, CollectorSettings Settings)
{
    /// <summary>The part of <see cref="HoleBytes"/> in the heap of large objects.</summary>
    public long LargeHoleBytes { get; init; }

    /// <summary>
    /// The part of <see cref="HoleBytes"/> in the heap of objects that were allocated pinned. They are not among
    /// <see cref="PinnedObjects"/>.
    /// </summary>
    public long PinnedHoleBytes { get; init; }

    /// <summary>How memory was just released; null where it was not.</summary>
    public ReleaseMode? Released { get; init; }

    /// <summary>All memory without objects.</summary>
    public long Bytes => HoleBytes + EmptyBytes;

    /// <summary>
    /// Of <see cref="Bytes"/>, what a collection may empty: all but the holes between objects that were allocated
    /// pinned.
    /// </summary>
    public long ReclaimableBytes => Bytes - Math.Clamp(PinnedHoleBytes, 0, HoleBytes);

    /// <summary>Whether there are enough pins to hold a good part of <see cref="ReclaimableBytes"/>.</summary>
    public bool CanPinsHold => GCReading.CanPinsHold(PinnedObjects, ReclaimableBytes);

    /// <summary>What a collection left.</summary>
    /// <param name="collection">The collection.</param>
    /// <param name="idleBytes">Memory of the heap without objects.</param>
    /// <param name="settings">How the collector is configured; not needed for amounts.</param>
    public static IdleHeap From(in GCReading collection, long idleBytes, CollectorSettings settings = default)
    {
        long idle = Math.Max(0, idleBytes);
        long holes = Math.Clamp(collection.FragmentedBytes, 0, idle);
        return new IdleHeap(holes, idle - holes, collection.PinnedObjects, settings)
        {
            LargeHoleBytes = collection.LargeHoleBytes,
            PinnedHoleBytes = collection.PinnedHoleBytes,
        };
    }

    /// <summary>
    /// The causes. Holes between objects that were allocated pinned have a finding of their own: no collection closes
    /// them. Where pins can hold at least half of the rest, one finding names them for it. Otherwise the holes are
    /// fragmentation, among large objects or others, and the empty memory has one cause: a replaced collector, then
    /// RetainVM, then Server GC, then the runtime's habit of keeping memory. A setting that may keep some of the same
    /// memory is only mentioned.
    /// </summary>
    /// <param name="areMuch">Whether so many bytes of holes, or of holes and empty memory, are worth a finding.</param>
    /// <param name="isEmptyMuch">Whether so much empty memory alone is worth one.</param>
    /// <returns>Findings whose bytes add up to <see cref="Bytes"/> or less; empty where nothing is much.</returns>
    public IReadOnlyList<MemoryReportFinding> Explain(Predicate<long> areMuch, Predicate<long> isEmptyMuch)
    {
        List<MemoryReportFinding> findings = [];
        long pinned = Bytes - ReclaimableBytes;
        if (areMuch(pinned))
        {
            findings.Add(ExplainPinnedHeap(pinned));
        }

        if (CanPinsHold)
        {
            return areMuch(ReclaimableBytes) ? [.. findings, ExplainPins(ReclaimableBytes)] : findings;
        }

        long holes = HoleBytes - pinned;
        long large = Math.Clamp(LargeHoleBytes, 0, holes);
        if (areMuch(large))
        {
            findings.Add(ExplainLargeHoles(large));
            holes -= large;
        }

        if (areMuch(holes))
        {
            findings.Add(ExplainHoles(holes));
        }

        if (isEmptyMuch(EmptyBytes))
        {
            findings.Add(ExplainEmpty());
        }

        return findings;
    }

    private static MemoryReportFinding ExplainPinnedHeap(long bytes) => new()
    {
        Cause = MemoryReportCause.PinnedHeap,
        Bytes = bytes,
        Text = $"{ByteSize.Format(bytes)} are holes between live objects that were allocated pinned.",
        Advice = "No collection moves these objects, so no release closes the holes; only new pinned objects fill "
            + "them. A block of this heap leaves the process when all objects in it are dead. Pool a few large pinned "
            + "buffers that live long, and let cached values be ordinary objects.",
    };

    private MemoryReportFinding ExplainPins(long bytes) => new()
    {
        Cause = MemoryReportCause.Pins,
        Bytes = bytes,
        Text = $"{PinnedObjects} pinned objects can keep {ByteSize.Format(bytes)} of emptied heap from leaving.",
        Advice = "Pin for shorter times, or allocate what stays pinned with GC.AllocateArray(pinned: true), "
            + "which has a heap of its own." + Others(Keepers()),
    };

    private MemoryReportFinding ExplainLargeHoles(long bytes) => new()
    {
        Cause = MemoryReportCause.LargeObjectHoles,
        Bytes = bytes,
        Text = $"{ByteSize.Format(bytes)} are holes between live large objects (by default from 85,000 bytes on).",
        Advice = Released == ReleaseMode.Full
            ? "New large objects will fill them. The full release left them or they came since: something keeps large "
                + "objects in place (pins), or they died after it."
            : "New large objects will fill them. Of all collections that are asked for, only those of a full release "
                + "(ReleaseAsync with ReleaseMode.Full) and those under GCSettings.LargeObjectHeapCompactionMode "
                + "close them.",
    };

    private MemoryReportFinding ExplainHoles(long bytes) => new()
    {
        Cause = MemoryReportCause.Fragmentation,
        Bytes = bytes,
        Text = $"{ByteSize.Format(bytes)} are holes between live objects (fragmentation).",
        Advice = (Released == ReleaseMode.Full
            ? "New objects will fill them. The full release left them or they came since: something keeps objects "
                + "in place (pins), or they died after it."
            : "New objects will fill them; a full release compacts and closes them (ReleaseAsync with "
                + "ReleaseMode.Full).")
            + " Where they keep coming back, System.GC.ConserveMemory (DOTNET_GCConserveMemory=5) has the runtime "
            + "compact more often.",
    };

    private MemoryReportFinding ExplainEmpty()
    {
        string size = ByteSize.Format(EmptyBytes);
        List<string> keepers = Keepers();
        string others = Others(keepers.Skip(1));
        (MemoryReportCause cause, string text, string advice) = keepers.Count == 0
            ? (MemoryReportCause.UnusedHeap,
                $"The managed heap keeps {size} of empty memory for its next use.",
                "The runtime gives it back little by little while it collects; " + (Released == ReleaseMode.Full
                    ? "what the full release left is new since, or another collection ran instead of its own."
                    : "a full release does so at once (ReleaseAsync with ReleaseMode.Full)."))
            : Settings.Replacement is string name
            ? (MemoryReportCause.ReplacedCollector,
                $"The collector {name}, configured instead of the runtime's own, keeps {size} of empty memory.",
                "The runtime's own gives it back (unset DOTNET_GCName, DOTNET_GCPath, System.GC.Name and "
                    + "System.GC.Path).")
            : Settings.RetainsMemory
            ? (MemoryReportCause.RetainVM,
                $"The runtime keeps {size} of empty memory, and System.GC.RetainVM tells it to.",
                "Unset it (DOTNET_GCRetainVM=0) if the memory is needed elsewhere" + (Released == ReleaseMode.Full
                    ? "."
                    : "; a full release takes it all the same."))
            : (MemoryReportCause.ServerGC,
                $"Server GC keeps {size} of empty memory for new objects, in {Settings.Heaps} heaps.",
                ServerAdvice());
        return new MemoryReportFinding { Cause = cause, Bytes = EmptyBytes, Text = text, Advice = advice + others };
    }

    private string ServerAdvice() => (Settings.AdaptsHeaps
        ? "Give"
        : "Let it adapt to the process (DOTNET_GCDynamicAdaptationMode=1), give")
        + " it fewer heaps (DOTNET_GCHeapCount) or less room for new objects (DOTNET_GCgen0size), "
        + "or use workstation GC (DOTNET_gcServer=0).";

    /// <summary>The settings that keep empty memory; the one that explains most comes first.</summary>
    private List<string> Keepers()
    {
        List<string> keepers = [];
        if (Settings.Replacement is string name)
        {
            keepers.Add($"the collector {name}");
        }

        if (Settings.RetainsMemory)
        {
            keepers.Add("System.GC.RetainVM");
        }

        if (Settings.IsServer)
        {
            keepers.Add("Server GC");
        }

        return keepers;
    }

    private static string Others(IEnumerable<string> keepers)
    {
        string names = string.Join(" and ", keepers);
        return names.Length == 0 ? "" : $" Some of it may also be kept by {names}.";
    }
}
