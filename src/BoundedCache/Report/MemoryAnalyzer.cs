using System.Diagnostics;
using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>
/// Takes the memory of a process apart: reads the figures of the kernel, the collector, the native allocator and the
/// caches, and makes them add up. Thread-safe.
/// </summary>
internal sealed class MemoryAnalyzer(ProcessMemory memory, INativeHeap nativeHeap)
{
    private const string MappingsPath = "/proc/self/smaps";

    /// <summary>Some finalizers are always due in a living process.</summary>
    public const long ManyFinalizers = 16;

    /// <summary>The bound on waiting for finalizers.</summary>
    public static readonly TimeSpan FinalizerPatience = TimeSpan.FromSeconds(2);

    // One collection at a time; the worker requires this lock.
    private readonly Lock _lock = new();
    private readonly TimedWorker _finalizerWaiter = new("BoundedCache finalizers");

    /// <summary>The analyzer of this process.</summary>
    public static MemoryAnalyzer Shared { get; } = new(ProcessMemory.Shared, new GnuNativeHeap());

    /// <summary>Takes the process apart as it is now.</summary>
    /// <param name="collect">Whether to run a blocking collection afterwards to learn what was live.</param>
    /// <param name="readCaches">Reads the caches' share; called once, after all other readings.</param>
    public MemoryAnalysis Take(bool collect, Func<CacheShare> readCaches)
    {
        long startedAt = Stopwatch.GetTimestamp();
        IGarbageCollector collector = memory.Collector;
        List<string> notes = [];
        CollectorSettings settings = collector.Settings;

        CacheShare caches = readCaches();
        ProcessMemorySnapshot snapshot = memory.TakeSnapshot();
        AddressSpace? space = ReadAddressSpace(notes, settings, snapshot.IsResidentUnknown);
        MallocOwner malloc = ForeignAllocator.Read(memory);
        NativeHeapReading? native = malloc == default ? nativeHeap.Read() : null;
        if (malloc.Unknown is string library)
        {
            notes.Add($"Native code calls malloc in {library}. Whether that is an allocator, or passes calls on to the "
                + "C library, is not known, and neither is how much of native memory is in use.");
        }

        if (malloc.Foreign is string foreign)
        {
            notes.Add($"Native code allocates with {foreign}, which tells nothing here: "
                + "how much of native memory is in use, and how much is freed and kept, is not known.");
        }

        if (space is null && snapshot.IsResidentUnknown)
        {
            notes.Add("RSS cannot be read here: the report is of the managed heap alone, as the collector tells it.");
        }

        GCReading last = collector.ReadLast();
        GCReading lastYoung = collector.ReadLastYoung();
        long allocated = collector.AllocatedBytes;

        // Where nobody tells RSS, what is known of the process is its heap.
        bool isUnknown = space is null && snapshot.IsResidentUnknown;
        long file = space?.FileBytes ?? snapshot.FileBytes ?? 0;
        long resident = isUnknown
            ? Math.Max(last.CommittedBytes, allocated)
            : space?.ResidentBytes ?? snapshot.ResidentBytes;
        long heap = space?.HeapBytes ?? Math.Min(Math.Max(last.CommittedBytes, allocated), resident - file);
        CollectionFindings found = collect ? Collect(collector, notes) : default;
        HeapAttribution parts = found.LiveBytes is long live
            ? HeapAttribution.Measure(heap, allocated, last.FragmentedBytes, live, caches)
            : HeapAttribution.Estimate(heap, allocated, last, caches);

        return new MemoryAnalysis
        {
            Breakdown = new MemoryBreakdown
            {
                ResidentBytes = resident,
                HeapBytes = heap,
                CacheBytes = parts.CacheBytes,
                OtherLiveBytes = parts.OtherLiveBytes,
                DeadBytes = parts.DeadBytes,
                FragmentedBytes = parts.FragmentedBytes,
                LargeHoleBytes = last.LargeHoleBytes,
                PinnedHoleBytes = last.PinnedHoleBytes,
                UnusedBytes = parts.UnusedBytes,
                NativeBytes = resident - file - heap,
                FileBytes = file,
                NewBytes = Math.Max(0, allocated - last.LiveBytes),
                NewBytesBefore = Math.Max(last.YoungBytes, lastYoung.YoungBytes),
                LetGoBytes = caches.DeadBytes,
                OverdueBytes = caches.OverdueBytes,
                PendingBytes = caches.PendingBytes,
                ByteCacheBytes = caches.NativeBytes,
                IsNeverCollected = last.Index == 0 && found.LiveBytes is null,
                UnfinishedEntries = caches.UnfinishedEntries,
                GrownBytes = caches.GrownBytes,
                Space = space,
                NativeHeap = native,
                ForeignAllocator = malloc.Foreign,
                UncountedCaches = caches.Uncounted,
                Pressures = caches.Pressures ?? [],
                Threads = memory.ReadThreads() ?? 0,
                Settings = settings,
                Room = HeapRoom.Read(memory),
                CacheLimitBytes = caches.LimitBytes,
                NativeLimitBytes = caches.NativeLimitBytes,
                PinnedObjects = Math.Max(
                    found.Pins, Math.Max(last.PinnedObjects, collector.ReadLastFullBlocking().PinnedObjects)),
                FinalizersPending = found.LiveBytes is null ? last.FinalizersPending : found.FinalizersPending,
                FinalizerBytes = found.FinalizerBytes,
                FinalizersStuck = found.FinalizersStuck,
                IsLiveMeasured = found.LiveBytes is not null,
            },
            Caches = caches,
            IsResidentUnknown = isUnknown,
            IsHeapCounted = space?.HeapBytes is not null,
            GCPause = found.Pause,
            Duration = Stopwatch.GetElapsedTime(startedAt),
            Notes = notes,
        };
    }

    private AddressSpace? ReadAddressSpace(List<string> notes, CollectorSettings settings, bool isUnknown)
    {
        // This must come before the mappings are read: the first call allocates the object that marks the heap, and may
        // commit memory for it.
        HeapPlace? place = settings.RegionRangeBytes > 0
            ? new HeapPlace(memory.Collector.HeapAnchor, settings.RegionRangeBytes)
            : null;
        using Stream? stream = memory.Files.Open(MappingsPath);
        List<Mapping>? mappings = stream is null ? null : MappingReader.Read(stream);
        if (mappings is null)
        {
            notes.Add($"{MappingsPath} cannot be read here, so the managed heap is what the collector says it "
                + $"committed{(isUnknown ? "" : ", and the rest is native")}.");
            return null;
        }

        AddressSpace space = MappingClassifier.Classify(mappings, place);
        if (space.HeapBytes is null)
        {
            notes.Add("This collector's heap could not be found among the mappings, "
                + "so its size is what the collector says it committed.");
        }

        return space;
    }

    private CollectionFindings Collect(IGarbageCollector collector, List<string> notes)
    {
        lock (_lock)
        {
            if (collector.IsInNoGCRegion)
            {
                notes.Add("The process is in a no-GC region, which a collection would have ended: "
                    + "nothing was collected, and what is live is an estimate.");
                return default;
            }

            collector.CollectBlocking();
            GCReading first = collector.ReadLastFullBlocking();
            var found = new CollectionFindings
            {
                LiveBytes = first.LiveBytes,
                Pause = first.Pause,
                Pins = first.PinnedObjects,
                FinalizersPending = first.FinalizersPending,
                FinalizerBytes = 0,
            };
            if (first.FinalizersPending < ManyFinalizers)
            {
                return found;
            }

            if (!_finalizerWaiter.TryRun(collector.WaitForPendingFinalizers, FinalizerPatience))
            {
                notes.Add($"Finalizers did not finish within {FinalizerPatience.TotalSeconds:0} s; "
                    + "what they hold counts as live.");
                return found with { FinalizersStuck = true, FinalizerBytes = null };
            }

            collector.CollectBlocking();
            GCReading second = collector.ReadLastFullBlocking();
            return found with
            {
                LiveBytes = second.LiveBytes,
                Pause = first.Pause + second.Pause,
                FinalizerBytes = Math.Max(0, first.LiveBytes - second.LiveBytes),
            };
        }
    }

    /// <summary>What the collections of a report measured; all default where none ran.</summary>
    private readonly record struct CollectionFindings
    {
        public long? LiveBytes { get; init; }

        public TimeSpan Pause { get; init; }

        public long Pins { get; init; }

        public long FinalizersPending { get; init; }

        public long? FinalizerBytes { get; init; }

        public bool FinalizersStuck { get; init; }
    }
}

/// <summary>The result of a <see cref="MemoryAnalyzer"/>.</summary>
internal sealed record MemoryAnalysis
{
    /// <summary>The process taken apart.</summary>
    public required MemoryBreakdown Breakdown { get; init; }

    /// <summary>The share of the caches.</summary>
    public required CacheShare Caches { get; init; }

    /// <summary>Whether nobody tells the resident memory, so that the breakdown is of the heap alone.</summary>
    public bool IsResidentUnknown { get; init; }

    /// <summary>
    /// Whether the kernel counted the managed heap's pages; false where its size is the collector's own figure.
    /// </summary>
    public required bool IsHeapCounted { get; init; }

    /// <summary>Time for which its own collections stopped the managed threads.</summary>
    public required TimeSpan GCPause { get; init; }

    /// <summary>How long the analysis took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>What could not be measured, and why, as sentences.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>
    /// The same after the likeliest values in caches were measured again, where otherwise the rules would say that
    /// caches do not hold the memory.
    /// </summary>
    public MemoryAnalysis Recheck()
    {
        if (Caches.Recheck is not { } recheck || !MemoryRules.DeniesCaches(Breakdown))
        {
            return this;
        }

        return this with { Breakdown = Breakdown.With(recheck()) };
    }
}
