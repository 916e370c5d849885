using BoundedCache.Process;
using BoundedCache.Tests.Sizing;

namespace BoundedCache.Tests.Process;

/// <summary>
/// The runtime's collector and allocator: settings, figures, and that each way to collect does what it says.
/// </summary>
[Collection(HeapTests.Name)]
public sealed class CollectorTests
{
    private static readonly RuntimeCollector s_collector = new();

    [Fact]
    public void Settings_are_read_by_the_runtimes_names()
    {
        var settings = CollectorSettings.From(new Dictionary<string, object>
        {
            ["ServerGC"] = true,
            ["HeapCount"] = 8L,
            ["GCDynamicAdaptationMode"] = 1L,
            ["RetainVM"] = true,
            ["GCName"] = "libclrgc.so",
            ["GCRegionRange"] = 256L,
            ["GCHeapHardLimit"] = 1000L,
        });

        Assert.Equal(
            new CollectorSettings
            {
                IsServer = true,
                Heaps = 8,
                AdaptsHeaps = true,
                RetainsMemory = true,
                Replacement = "libclrgc.so",
                RegionRangeBytes = 256,
                HeapHardLimitBytes = 1000,
            },
            settings);
    }

    [Fact]
    public void Settings_that_are_missing_or_off_are_the_defaults()
    {
        var none = new CollectorSettings { Heaps = 1 };

        Assert.Equal(none, CollectorSettings.From(new Dictionary<string, object>()));
        Assert.Equal(none, CollectorSettings.From(new Dictionary<string, object>
        {
            ["ServerGC"] = false,
            ["RetainVM"] = false,
            ["GCDynamicAdaptationMode"] = 0L,
            ["GCName"] = "",
            ["GCPath"] = "",
        }));
        Assert.Equal(
            "/lib/other.so",
            CollectorSettings.From(new Dictionary<string, object> { ["GCPath"] = "/lib/other.so" }).Replacement);
    }

    [Fact]
    public void Live_bytes_are_the_heap_without_its_holes_and_never_negative()
    {
        Assert.Equal(70, new GCReading { HeapBytes = 100, FragmentedBytes = 30 }.LiveBytes);
        Assert.Equal(0, new GCReading { HeapBytes = 30, FragmentedBytes = 100 }.LiveBytes);
    }

    [Fact]
    public void A_reading_has_the_runtimes_figures()
    {
        s_collector.CollectBlocking();
        GCMemoryInfo info = GC.GetGCMemoryInfo(GCKind.FullBlocking);

        var reading = GCReading.From(info);

        Assert.Equal(
            (info.Index, info.Generation, info.Compacted, info.Concurrent),
            (reading.Index, reading.Generation, reading.Compacted, reading.Concurrent));
        Assert.Equal(
            (info.HeapSizeBytes, info.FragmentedBytes, info.TotalCommittedBytes),
            (reading.HeapBytes, reading.FragmentedBytes, reading.CommittedBytes));
        Assert.Equal(
            (info.PinnedObjectsCount, info.FinalizationPendingCount, info.GenerationInfo[0].SizeBeforeBytes),
            (reading.PinnedObjects, reading.FinalizersPending, reading.YoungBytes));
    }

    [Fact]
    public void A_blocking_collection_is_of_the_whole_heap_and_over_when_it_returns()
    {
        long before = s_collector.ReadLastFullBlocking().Index;
        int full = s_collector.FullCollections;
        TimeSpan pause = s_collector.TotalPause;

        s_collector.CollectBlocking();

        GCReading after = s_collector.ReadLastFullBlocking();
        Assert.True(after.Index > before);
        Assert.Equal(2, after.Generation);
        Assert.False(after.Concurrent);
        Assert.True(s_collector.FullCollections > full);
        Assert.True(s_collector.TotalPause > pause);
    }

    [Fact]
    public void A_compacting_collection_compacts()
    {
        long before = s_collector.ReadLastFullBlocking().Index;

        s_collector.CollectCompacting();

        GCReading after = s_collector.ReadLastFullBlocking();
        Assert.True(after.Index > before);
        Assert.True(after.Compacted);
    }

    [Fact]
    public void An_aggressive_collection_leaves_little_committed_that_is_empty()
    {
        // Small objects that survived once: after other collections their regions stay committed.
        byte[][]? kept = [.. Enumerable.Range(0, 100_000).Select(static _ => new byte[2000])];
        s_collector.CollectCompacting();
        GC.KeepAlive(kept);
        kept = null;

        s_collector.CollectAggressively();

        GCReading after = s_collector.ReadLastFullBlocking();
        Assert.True(after.Compacted);
        Assert.InRange(after.CommittedBytes - after.HeapBytes, 0, 64L * 1024 * 1024);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_young_collection_is_of_the_generations_that_are_asked_for(int generation)
    {
        int before = GC.CollectionCount(generation);
        int all = s_collector.AllCollections;

        s_collector.CollectYoung(generation);

        Assert.True(GC.CollectionCount(generation) > before);
        Assert.True(s_collector.AllCollections > all);
        Assert.InRange(s_collector.ReadLastYoung().Index, 1, long.MaxValue);
    }

    [Fact]
    public void A_young_compaction_is_of_both_young_generations()
    {
        int before = GC.CollectionCount(1);

        s_collector.CompactYoung();

        Assert.True(GC.CollectionCount(1) > before);
    }

    [Fact]
    public void A_background_collection_is_of_the_whole_heap()
    {
        long background = s_collector.ReadLastBackground().Index;
        long blocking = s_collector.ReadLastFullBlocking().Index;

        s_collector.CollectInBackground();

        // The runtime blocks instead where the heap is too fragmented.
        Assert.True(SpinWait.SpinUntil(
            () => s_collector.ReadLastBackground().Index > background
                || s_collector.ReadLastFullBlocking().Index > blocking,
            TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Allocations_and_the_no_GC_region_show()
    {
        long before = s_collector.AllocatedBytes;
        long total = GC.GetTotalAllocatedBytes(precise: true);
        byte[] kept = new byte[64 * 1024 * 1024];

        Assert.InRange(s_collector.AllocatedBytes, before + (kept.Length / 2), long.MaxValue);
        Assert.InRange(s_collector.TotalAllocatedBytes, total, long.MaxValue);
        Assert.False(s_collector.IsInNoGCRegion);
        GC.KeepAlive(kept);
    }

    [Fact]
    public void The_allocator_of_the_GNU_library_can_be_trimmed()
    {
        // The same library has both functions.
        if (new GnuNativeHeap().Read() is not null)
        {
            Assert.True(new GlibcAllocator().TryTrim());
        }
    }

    [Fact]
    public void A_worker_that_is_stuck_begins_no_further_work_until_it_is_free()
    {
        var worker = new TimedWorker("test worker");
        using var never = new ManualResetEventSlim();
        string? name = null;
        bool isBackground = false;
        int begun = 0;

        Assert.False(worker.TryRun(
            () =>
            {
                (name, isBackground) = (Thread.CurrentThread.Name, Thread.CurrentThread.IsBackground);
                begun++;
                never.Wait(TimeSpan.FromSeconds(30));
            },
            TimeSpan.FromMilliseconds(200)));
        Assert.False(worker.TryRun(() => begun++, TimeSpan.FromSeconds(30)));
        never.Set();
        Assert.True(Eventually.True(() => worker.TryRun(() => begun++, TimeSpan.FromSeconds(30))));

        Assert.Equal(2, begun);
        Assert.Equal("test worker", name);
        Assert.True(isBackground);
    }
}
