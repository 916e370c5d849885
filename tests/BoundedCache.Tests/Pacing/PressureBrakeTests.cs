using BoundedCache.Pacing;
using BoundedCache.Process;
using static BoundedCache.Tests.Pacing.PressureScenario;

namespace BoundedCache.Tests.Pacing;

/// <summary>When yielding stops because it does not help, and what it does not stop, in simulated processes.</summary>
public sealed class PressureBrakeTests
{
    private static PressureScenario Heap(long limit, long heap, params FakeYieldingCache[] caches)
    {
        var test = new PressureScenario(limit * MiB, caches);
        test.Process.Settings = new CollectorSettings { HeapHardLimitBytes = heap * MiB };
        test.Process.CollectBlocking();
        test.Pressure.Look();
        return test;
    }

    [Fact]
    public void Other_code_that_grew_before_the_heap_ran_short_is_not_charged_to_the_yield()
    {
        PressureScenario test = Heap(4096, 576, new FakeYieldingCache(400 * MiB));
        test.Run(10);
        test.Process.LiveBytes += 70 * MiB;
        test.Process.CollectBlocking();
        Assert.True(test.IsBack);

        // What young collections find alive is seen at once; the whole heap is collected after each fall.
        test.Run(40, _ =>
        {
            test.Process.LiveBytes += 33 * MiB / 10;
            test.Process.CollectYoung(1);
        });

        Assert.True(test.Changes >= 4, $"{test.Changes} changes");
        Assert.DoesNotContain(PressureEvent.Stopped, test.Caches[0].Events);
        Assert.InRange(test.Process.LiveBytes, 0, 576 * MiB);
    }

    [Fact]
    public void A_heap_whose_entries_something_else_refers_to_stops_too()
    {
        PressureScenario test = Heap(4096, 576, new FakeYieldingCache(400 * MiB));
        test.Run(10);
        test.FillPerSecond = 0;
        test.IsLeaking = true;
        test.Process.LiveBytes += 160 * MiB;
        test.Process.CollectBlocking();

        test.Run(30);

        Assert.Contains(PressureEvent.Stopped, test.Caches[0].Events);
        Assert.True(test.Caches[0].Member.Pressure!.IsStopped);
    }

    [Fact]
    public void A_collection_that_was_under_way_does_not_judge_the_yield_and_another_one_is_asked_for()
    {
        PressureScenario test = Heap(4096, 576, new FakeYieldingCache(400 * MiB));
        test.Run(10);
        test.FillPerSecond = 0;
        test.Collects = () =>
        {
            // One that is under way keeps what had been marked before it was evicted.
            long kept = test.Process.InFlight > 0 ? test.Process.DeadBytes : 0;
            test.Process.DeadBytes -= kept;
            test.Process.LiveBytes += kept;
            test.Process.CollectInBackground();
            test.Process.LiveBytes -= kept;
            test.Process.DeadBytes += kept;
        };
        for (int i = 0; i < 3; i++)
        {
            test.Process.LiveBytes += (i == 0 ? 145 : 35) * MiB;
            test.Process.CollectYoung(1);
            test.Process.InFlight = 1;
            int releases = test.Releases.Count;

            test.Run(5);

            Assert.InRange(test.Releases.Count, releases + 2, int.MaxValue);
            Assert.Equal(0, test.Process.DeadBytes);
        }

        Assert.DoesNotContain(PressureEvent.Stopped, test.Caches[0].Events);
    }

    [Fact]
    public void A_heap_that_yielding_does_not_help_stops_neither_the_yield_for_the_container_nor_the_rise_after_it()
    {
        var native = new FakeYieldingCache(500 * MiB) { IsNative = true };
        PressureScenario test = Heap(1024, 200, native, new FakeYieldingCache(190 * MiB));
        FakeYieldingCache heap = test.Caches[1];
        test.IsLeaking = true;
        test.Run(20);
        test.FillPerSecond = 0;
        Assert.Equal(500 * MiB, native.UsedMemory);
        Assert.True(heap.Member.Pressure!.IsStopped);

        // The heap's brake holds meanwhile.
        test.OtherBytes = test.LimitBytes - test.UsedBytes - (50 * MiB);
        test.Run(10);
        Assert.Equal(MemoryPressureKind.Container, native.Member.Pressure?.Kind);
        Assert.False(native.Member.Pressure!.IsStopped);
        Assert.InRange(native.UsedMemory, native.MinMemory, 450 * MiB);

        test.OtherBytes = 0;
        test.Run(20);
        Assert.InRange(heap.Effective, 0, 189 * MiB);
        Assert.InRange(native.Effective, 450 * MiB, 500 * MiB);
    }

    [Fact]
    public void That_yielding_does_not_help_is_said_only_while_memory_is_short()
    {
        var test = new PressureScenario(768 * MiB, new FakeYieldingCache(512 * MiB));
        test.Run(20);
        test.FillPerSecond = 0;
        test.IsLeaking = true;
        test.OtherBytes = 190 * MiB;
        test.Run(20);
        Assert.True(test.Caches[0].Member.Pressure!.IsStopped);

        test.OtherBytes = 0;
        test.Run(1.5);
        Assert.False(test.Caches[0].Member.Pressure!.IsStopped);

        test.OtherBytes = 190 * MiB;
        test.Run(1.5);
        Assert.True(test.Caches[0].Member.Pressure!.IsStopped);
    }
}
