using BoundedCache.Process;
using BoundedCache.Report;
using BoundedCache.Tests.Process;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Report;

/// <summary>Which readings a report takes, and what it does where one is missing.</summary>
public sealed class MemoryAnalyzerTests
{
    private const long HeapStart = 0x7ef2_5b00_0000;

    private readonly FakeProcess _process = new();
    private readonly FakeNativeHeap _native = new();

    private MemoryAnalysis Take(bool collect = false, CacheShare caches = default) =>
        new MemoryAnalyzer(_process.Memory, _native).Take(collect, () => caches);

    /// <summary>A heap of 100 MiB resident, 30 MiB of arenas, 10 MiB of files.</summary>
    private void ShowMappings(bool withHeap = true)
    {
        _process.Settings = new CollectorSettings { RegionRangeBytes = withHeap ? 256 * MiB : 0 };
        _process.HeapAnchor = HeapStart + 64;
        _process.Mappings = new MapText()
            .At(0x5500_0000_0000).Add(30 * MiB, path: "[heap]", resident: 30 * MiB)
            .At(HeapStart).Add(100 * MiB, resident: 100 * MiB).Reserve(156 * MiB)
            .At(0x7fff_0000_0000).Add(10 * MiB, "r--p", "/lib", resident: 10 * MiB).ToString();
    }

    [Fact]
    public void The_kernels_count_is_taken_apart()
    {
        ShowMappings();
        _native.Reading = new NativeHeapReading(20 * MiB, 9 * MiB);

        MemoryAnalysis analysis = Take(caches: new CacheShare { Bytes = 25 * MiB });

        MemoryBreakdown breakdown = analysis.Breakdown;
        Assert.True(analysis.IsHeapCounted);
        Assert.Empty(analysis.Notes);
        Assert.Equal(140 * MiB, breakdown.ResidentBytes);
        Assert.Equal(100 * MiB, breakdown.HeapBytes);
        Assert.Equal(30 * MiB, breakdown.NativeBytes);
        Assert.Equal(10 * MiB, breakdown.FileBytes);
        Assert.Equal(9 * MiB, breakdown.FreedNativeBytes);
        Assert.Equal(7, breakdown.Threads);
        Assert.Equal(
            (25 * MiB, 15 * MiB, 60 * MiB), (breakdown.CacheBytes, breakdown.OtherLiveBytes, breakdown.UnusedBytes));
        Assert.Equal(0, _process.Collections);
    }

    [Fact]
    public void Without_mappings_the_collectors_own_figure_stands_in_and_the_report_says_so()
    {
        MemoryAnalysis analysis = Take();

        Assert.False(analysis.IsHeapCounted);
        Assert.Equal(40 * MiB, analysis.Breakdown.HeapBytes);
        Assert.Equal(2 * MiB, analysis.Breakdown.NativeBytes);
        Assert.Equal(5 * 1024, analysis.Breakdown.FileBytes);
        Assert.Contains("/proc/self/smaps", Assert.Single(analysis.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_collector_without_a_range_of_regions_is_believed_too()
    {
        ShowMappings(withHeap: false);

        MemoryAnalysis analysis = Take();

        Assert.False(analysis.IsHeapCounted);
        Assert.Equal(40 * MiB, analysis.Breakdown.HeapBytes);
        Assert.Equal(90 * MiB, analysis.Breakdown.NativeBytes);
        Assert.Contains("could not be found", Assert.Single(analysis.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_new_is_told_from_what_a_collection_has_seen()
    {
        ShowMappings();
        Assert.True(Take().Breakdown.IsNeverCollected);
        Assert.False(Take(collect: true).Breakdown.IsNeverCollected);

        _process.SetLast(new GCReading { Index = 7, HeapBytes = 30 * MiB, YoungBytes = 3 * MiB });
        _process.LastYoung = new GCReading { Index = 6, YoungBytes = 60 * MiB };
        _process.DeadBytes = 35 * MiB;

        MemoryBreakdown breakdown = Take(caches: new CacheShare { DeadBytes = 5 * MiB }).Breakdown;

        Assert.False(breakdown.IsNeverCollected);
        Assert.Equal(
            (45 * MiB, 60 * MiB, 5 * MiB), (breakdown.NewBytes, breakdown.NewBytesBefore, breakdown.LetGoBytes));
        _process.LastYoung = default;
        Assert.Equal(3 * MiB, Take().Breakdown.NewBytesBefore);
    }

    [Fact]
    public void A_collection_tells_what_was_dead()
    {
        ShowMappings();
        _process.DeadBytes = 35 * MiB;

        MemoryAnalysis analysis = Take(collect: true, new CacheShare { Bytes = 25 * MiB });

        Assert.True(analysis.Breakdown.IsLiveMeasured);
        Assert.Equal(
            (25 * MiB, 15 * MiB, 35 * MiB),
            (analysis.Breakdown.CacheBytes, analysis.Breakdown.OtherLiveBytes, analysis.Breakdown.DeadBytes));
        Assert.Equal(0, analysis.Breakdown.FinalizerBytes);
        Assert.Equal(["blocking"], _process.Steps);
        Assert.Equal(1, _process.Collections);
        Assert.Equal(TimeSpan.FromMilliseconds(30), analysis.GCPause);
    }

    [Fact]
    public void What_finalizers_held_is_measured_by_a_second_collection()
    {
        ShowMappings();
        _process.FinalizableBytes = 30 * MiB;

        MemoryBreakdown breakdown = Take(collect: true).Breakdown;

        Assert.Equal(30 * MiB, breakdown.FinalizerBytes);
        Assert.Equal(30 * MiB, breakdown.DeadBytes);
        Assert.Equal(1000, breakdown.FinalizersPending);
        Assert.Equal(2, _process.Collections);
    }

    [Fact]
    public void A_stuck_finalizer_is_waited_for_two_seconds_and_told()
    {
        ShowMappings();
        _process.FinalizableBytes = 30 * MiB;
        using var never = new ManualResetEventSlim();
        _process.DuringFinalizerWait = () => never.Wait(TimeSpan.FromSeconds(30));

        MemoryAnalysis analysis = Take(collect: true);
        never.Set();

        Assert.True(analysis.Breakdown.FinalizersStuck);
        Assert.Null(analysis.Breakdown.FinalizerBytes);
        Assert.Equal(1, _process.Collections);
        Assert.Contains("did not finish", Assert.Single(analysis.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Objects_count_as_heap_where_more_were_made_than_was_committed()
    {
        _process.DeadBytes = 100 * MiB;
        _process.SetLast(new GCReading { Index = 3, HeapBytes = 40 * MiB, CommittedBytes = 90 * MiB });
        Assert.Equal(140 * MiB, Take().Breakdown.HeapBytes);

        _process.DeadBytes = 0;
        _process.NativeBytes = 100 * MiB;
        Assert.Equal(90 * MiB, Take().Breakdown.HeapBytes);

        // Committed memory that is not resident is no part of RSS.
        _process.SetLast(new GCReading { Index = 4, HeapBytes = 40 * MiB, CommittedBytes = 900 * MiB });
        MemoryBreakdown breakdown = Take().Breakdown;
        Assert.Equal(140 * MiB, breakdown.HeapBytes);
        Assert.Equal(0, breakdown.NativeBytes);
    }

    [Theory]
    [InlineData(5, 3, 2)]
    [InlineData(3, 5, 2)]
    [InlineData(2, 3, 5)]
    public void The_most_pins_that_a_collection_found_count(long last, long full, long collected)
    {
        ShowMappings();
        _process.SetLast(new GCReading { Index = 2, PinnedObjects = full });
        _process.SetLastOfAnyKind(new GCReading { Index = 3, PinnedObjects = last });
        Assert.Equal(Math.Max(last, full), Take().Breakdown.PinnedObjects);

        _process.PinnedObjects = collected;
        Assert.Equal(Math.Max(last, collected), Take(collect: true).Breakdown.PinnedObjects);
    }

    [Theory]
    [InlineData(15, 1)]
    [InlineData(16, 2)]
    public void A_few_finalizers_are_not_waited_for(long pending, int collections)
    {
        ShowMappings();
        _process.PendingFinalizers = pending;

        MemoryBreakdown breakdown = Take(collect: true).Breakdown;

        Assert.Equal(collections, _process.Collections);
        Assert.Equal(collections - 1, _process.FinalizerWaits);
        Assert.Equal(0, breakdown.FinalizerBytes);
        Assert.Equal(pending, breakdown.FinalizersPending);
    }

    [Fact]
    public void Amounts_that_other_threads_change_meanwhile_are_never_negative()
    {
        ShowMappings();
        _process.SetLast(new GCReading { Index = 3, HeapBytes = 900 * MiB });
        Assert.Equal(0, Take().Breakdown.NewBytes);

        _process.FinalizableBytes = MiB;
        _process.DuringFinalizerWait = () => _process.LiveBytes += 20 * MiB;
        Assert.Equal(0, Take(collect: true).Breakdown.FinalizerBytes);
    }

    [Fact]
    public void What_the_last_collection_found_pending_counts_where_none_is_made()
    {
        ShowMappings();
        _process.SetLast(new GCReading { Index = 3, FinalizersPending = 77 });

        MemoryBreakdown breakdown = Take().Breakdown;

        Assert.Equal(77, breakdown.FinalizersPending);
        Assert.Null(breakdown.FinalizerBytes);
        Assert.False(breakdown.FinalizersStuck);
        Assert.False(breakdown.IsLiveMeasured);
    }

    [Fact]
    public void Settings_limits_and_the_heaps_room_are_part_of_it()
    {
        _process.Settings = new CollectorSettings { HeapHardLimitBytes = 480 * MiB, RetainsMemory = true };

        MemoryBreakdown breakdown = Take(caches: new CacheShare { LimitBytes = 99 }).Breakdown;

        Assert.True(breakdown.Settings.RetainsMemory);
        Assert.Equal(new HeapRoom(480 * MiB, null), breakdown.Room);
        Assert.Equal(99, breakdown.CacheLimitBytes);
    }

    [Fact]
    public void Mappings_that_are_cut_short_are_as_good_as_none()
    {
        ShowMappings();
        _process.Mappings = _process.Mappings![..^5];

        MemoryAnalysis analysis = Take();

        Assert.Null(analysis.Breakdown.Space);
        Assert.False(analysis.IsHeapCounted);
        Assert.Contains("cannot be read", Assert.Single(analysis.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Freed_native_memory_is_no_more_than_the_allocators_pages()
    {
        ShowMappings();
        _native.Reading = new NativeHeapReading(20 * MiB, 90 * MiB);
        Assert.Equal(30 * MiB, Take().Breakdown.FreedNativeBytes);

        _native.Reading = null;
        Assert.Null(Take().Breakdown.FreedNativeBytes);
    }

    [Fact]
    public void A_no_GC_region_is_left_alone()
    {
        ShowMappings();
        _process.IsInNoGCRegion = true;

        MemoryAnalysis analysis = Take(collect: true);

        Assert.False(analysis.Breakdown.IsLiveMeasured);
        Assert.Equal(0, _process.Collections);
        Assert.Contains("no-GC region", Assert.Single(analysis.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void The_native_allocator_of_this_machine_counts_what_is_allocated()
    {
        if (new GnuNativeHeap().Read() is { } before)
        {
            const int Bytes = 50_000_000;
            long during = 0;
            unsafe
            {
                void* block = System.Runtime.InteropServices.NativeMemory.Alloc(Bytes);
                during = new GnuNativeHeap().Read()!.Value.InUseBytes;
                System.Runtime.InteropServices.NativeMemory.Free(block);
            }

            Assert.InRange(during - before.InUseBytes, Bytes * 0.9, Bytes * 1.1);
        }
    }

    private sealed class FakeNativeHeap : INativeHeap
    {
        public NativeHeapReading? Reading { get; set; }

        public NativeHeapReading? Read() => Reading;
    }
}
