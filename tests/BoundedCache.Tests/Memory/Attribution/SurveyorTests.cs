using BoundedCache.Memory;
using BoundedCache.Memory.Attribution;
using static BoundedCache.Tests.Memory.FakeProcess;

namespace BoundedCache.Tests.Memory.Attribution;

/// <summary>Which readings a survey takes, and what it does where one cannot be had.</summary>
public sealed class SurveyorTests
{
    private const long HeapStart = 0x7ef2_5b00_0000;

    private readonly FakeProcess _process = new();
    private readonly FakeNativeHeap _native = new();

    private Survey Take(bool collect = false, CacheShare caches = default) => new Surveyor(_process.Memory, _native).Take(collect, () => caches);

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

        Survey survey = Take(caches: new CacheShare { Bytes = 25 * MiB });

        MemoryEvidence evidence = survey.Evidence;
        Assert.True(survey.IsHeapCounted);
        Assert.Empty(survey.Notes);
        Assert.Equal(140 * MiB, evidence.ResidentBytes);
        Assert.Equal(100 * MiB, evidence.HeapBytes);
        Assert.Equal(30 * MiB, evidence.NativeBytes);
        Assert.Equal(10 * MiB, evidence.FileBytes);
        Assert.Equal(9 * MiB, evidence.FreedNativeBytes);
        Assert.Equal(7, evidence.Threads);
        Assert.Equal((25 * MiB, 15 * MiB, 60 * MiB), (evidence.CacheBytes, evidence.OtherLiveBytes, evidence.UnusedBytes));
        Assert.Equal(0, _process.Collections);
    }

    [Fact]
    public void Without_mappings_the_collectors_own_figure_stands_in_and_the_report_says_so()
    {
        Survey survey = Take();

        Assert.False(survey.IsHeapCounted);
        Assert.Equal(40 * MiB, survey.Evidence.HeapBytes);
        Assert.Equal(2 * MiB, survey.Evidence.NativeBytes);
        Assert.Equal(5 * 1024, survey.Evidence.FileBytes);
        Assert.Contains("/proc/self/smaps", Assert.Single(survey.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_collector_without_a_range_of_regions_is_believed_too()
    {
        ShowMappings(withHeap: false);

        Survey survey = Take();

        Assert.False(survey.IsHeapCounted);
        Assert.Equal(40 * MiB, survey.Evidence.HeapBytes);
        Assert.Equal(90 * MiB, survey.Evidence.NativeBytes);
        Assert.Contains("could not be told", Assert.Single(survey.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_new_is_told_from_what_a_collection_has_seen()
    {
        ShowMappings();
        Assert.True(Take().Evidence.IsNeverCollected);
        Assert.False(Take(collect: true).Evidence.IsNeverCollected);

        _process.SetLast(new GCReading { Index = 7, HeapBytes = 30 * MiB, YoungBytes = 3 * MiB });
        _process.LastYoung = new GCReading { Index = 6, YoungBytes = 60 * MiB };
        _process.DeadBytes = 35 * MiB;

        MemoryEvidence evidence = Take(caches: new CacheShare { DeadBytes = 5 * MiB }).Evidence;

        Assert.False(evidence.IsNeverCollected);
        Assert.Equal((45 * MiB, 60 * MiB, 5 * MiB), (evidence.NewBytes, evidence.NewBytesBefore, evidence.LetGoBytes));
        _process.LastYoung = default;
        Assert.Equal(3 * MiB, Take().Evidence.NewBytesBefore);
    }

    [Fact]
    public void A_collection_tells_what_was_dead()
    {
        ShowMappings();
        _process.DeadBytes = 35 * MiB;

        Survey survey = Take(collect: true, new CacheShare { Bytes = 25 * MiB });

        Assert.True(survey.Evidence.IsLiveMeasured);
        Assert.Equal((25 * MiB, 15 * MiB, 35 * MiB), (survey.Evidence.CacheBytes, survey.Evidence.OtherLiveBytes, survey.Evidence.DeadBytes));
        Assert.Equal(0, survey.Evidence.FinalizerBytes);
        Assert.Equal(1, _process.Collections);
        Assert.Equal(TimeSpan.FromMilliseconds(30), survey.GCPause);
    }

    [Fact]
    public void What_finalizers_held_is_measured_by_a_second_collection()
    {
        ShowMappings();
        _process.FinalizableBytes = 30 * MiB;

        MemoryEvidence evidence = Take(collect: true).Evidence;

        Assert.Equal(30 * MiB, evidence.FinalizerBytes);
        Assert.Equal(30 * MiB, evidence.DeadBytes);
        Assert.Equal(1000, evidence.FinalizersPending);
        Assert.Equal(2, _process.Collections);
    }

    [Fact]
    public void A_stuck_finalizer_is_waited_for_two_seconds_and_told()
    {
        ShowMappings();
        _process.FinalizableBytes = 30 * MiB;
        using var never = new ManualResetEventSlim();
        _process.DuringFinalizerWait = () => never.Wait(TimeSpan.FromSeconds(30));

        Survey survey = Take(collect: true);
        never.Set();

        Assert.True(survey.Evidence.FinalizersStuck);
        Assert.Null(survey.Evidence.FinalizerBytes);
        Assert.Equal(1, _process.Collections);
        Assert.Contains("did not finish", Assert.Single(survey.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_no_GC_region_is_left_alone()
    {
        ShowMappings();
        _process.IsInNoGCRegion = true;

        Survey survey = Take(collect: true);

        Assert.False(survey.Evidence.IsLiveMeasured);
        Assert.Equal(0, _process.Collections);
        Assert.Contains("no-GC region", Assert.Single(survey.Notes), StringComparison.Ordinal);
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
