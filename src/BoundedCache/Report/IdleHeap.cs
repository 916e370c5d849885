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
    /// <summary>All memory without objects.</summary>
    public long Bytes => HoleBytes + EmptyBytes;

    /// <summary>
    /// The causes. Where pins can hold at least half of the memory, one finding names them for all of it. Otherwise the
    /// holes are fragmentation, and the empty memory has one cause: RetainVM, then a replaced collector, then Server
    /// GC, then the runtime's habit of keeping memory. A setting that may keep some of the same memory is only
    /// mentioned.
    /// </summary>
    /// <param name="isMuch">Whether holes and empty memory together are worth a finding.</param>
    /// <param name="areHolesMuch">Whether the holes alone are worth one.</param>
    /// <param name="isEmptyMuch">Whether the empty memory alone is worth one.</param>
    /// <returns>Findings whose bytes add up to <see cref="Bytes"/> or less; empty where nothing is much.</returns>
    public IReadOnlyList<MemoryReportFinding> Explain(bool isMuch, bool areHolesMuch, bool isEmptyMuch)
    {
        if (GCReading.CanPinsHold(PinnedObjects, Bytes))
        {
            return isMuch ? [ExplainPins()] : [];
        }

        List<MemoryReportFinding> findings = [];
        if (areHolesMuch)
        {
            findings.Add(ExplainHoles());
        }

        if (isEmptyMuch)
        {
            findings.Add(ExplainEmpty());
        }

        return findings;
    }

    private MemoryReportFinding ExplainPins() => new()
    {
        Cause = MemoryReportCause.Pins,
        Bytes = Bytes,
        Text = $"{PinnedObjects} pinned objects keep {ByteSize.Format(Bytes)} of emptied heap from leaving.",
        Advice = "Pin for shorter times, or allocate what stays pinned with GC.AllocateArray(pinned: true), "
            + "which has a heap of its own." + Others(Keepers()),
    };

    private MemoryReportFinding ExplainHoles() => new()
    {
        Cause = MemoryReportCause.Fragmentation,
        Bytes = HoleBytes,
        Text = $"{ByteSize.Format(HoleBytes)} are holes between live objects (fragmentation).",
        Advice = "New objects will fill them; a release compacts and closes them (ReleaseAsync). Where they keep "
            + "coming back, System.GC.ConserveMemory (DOTNET_GCConserveMemory=5) has the runtime compact more often.",
    };

    private MemoryReportFinding ExplainEmpty()
    {
        string size = ByteSize.Format(EmptyBytes);
        List<string> keepers = Keepers();
        string others = Others(keepers.Skip(1));
        (MemoryReportCause cause, string text, string advice) = keepers.Count == 0
            ? (MemoryReportCause.UnusedHeap,
                $"The managed heap keeps {size} of empty memory for its next use.",
                "The runtime gives it back little by little while it collects; "
                    + "a release does so at once (ReleaseAsync).")
            : Settings.RetainsMemory
            ? (MemoryReportCause.RetainVM,
                $"The runtime keeps {size} of empty memory because System.GC.RetainVM is set.",
                "Unset it (DOTNET_GCRetainVM=0) if the memory is needed elsewhere; "
                    + "a full release takes it all the same.")
            : Settings.Replacement is string name
            ? (MemoryReportCause.ReplacedCollector,
                $"The collector {name}, configured instead of the runtime's own, keeps {size} of empty memory.",
                "The runtime's own gives it back (unset DOTNET_GCName, DOTNET_GCPath, System.GC.Name and "
                    + "System.GC.Path).")
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
        if (Settings.RetainsMemory)
        {
            keepers.Add("System.GC.RetainVM");
        }

        if (Settings.Replacement is string name)
        {
            keepers.Add($"the collector {name}");
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
