using BoundedCache.Process;
using BoundedCache.Report;

namespace BoundedCache.Tests.Process;

/// <summary>Whether limits fit what heap, container and machine can hold, and what is said where they do not.</summary>
public sealed class HeapRoomTests
{
    private const long MiB = 1024 * 1024;
    private const long GiB = 1024 * MiB;

    private static readonly HeapRoom s_room = new(480 * MiB, 640 * MiB);

    [Fact]
    public void Where_no_bound_is_known_there_is_room_for_anything()
    {
        Assert.Null(HeapRoom.Read(new FakeProcess().Memory));
        Assert.Null(HeapRules.CheckLimit(default, long.MaxValue));
        Assert.DoesNotContain(MemoryRules.Check(Breakdown(null, long.MaxValue)), static finding =>
            finding.Cause == MemoryReportCause.HeapLimit);
    }

    [Fact]
    public void All_bounds_are_read()
    {
        var process = new FakeProcess
        {
            Settings = new CollectorSettings
            {
                HeapHardLimitBytes = 480 * MiB,
                SmallObjectLimitBytes = 100 * MiB,
                LargeObjectLimitBytes = 300 * MiB,
            },
            Files =
            {
                ["/proc/self/cgroup"] = "0::/pod/box\n",
                ["/sys/fs/cgroup/pod/memory.max"] = "671088640\n",
                ["/proc/meminfo"] = "MemTotal:       24684064 kB\nMemFree:         1 kB\n",
            },
        };

        Assert.Equal(
            new HeapRoom(480 * MiB, 640 * MiB)
            {
                MachineBytes = 24684064L * 1024,
                SmallObjectBytes = 100 * MiB,
                LargeObjectBytes = 300 * MiB,
            },
            HeapRoom.Read(process.Memory));
    }

    [Fact]
    public void Above_memory_high_the_kernel_holds_processes_up_and_the_limit_above_it_is_not_the_bound()
    {
        var process = new FakeProcess
        {
            Settings = new CollectorSettings { HeapHardLimitBytes = 768 * MiB },
            Files =
            {
                ["/proc/self/cgroup"] = "0::/pod/box\n",
                ["/sys/fs/cgroup/pod/memory.max"] = "1073741824\n",
                ["/sys/fs/cgroup/pod/box/memory.high"] = "268435456\n",
            },
        };

        MemoryReportFinding finding = HeapRules.CheckLimit(HeapRoom.Read(process.Memory)!.Value, 400 * MiB)!;

        Assert.StartsWith(
            "The container may have 256 MiB before the kernel slows it down (memory.high); caches that may have 400 "
                + "MiB need about 548 MiB beside the process itself",
            finding.Text,
            StringComparison.Ordinal);
        Assert.Contains("raise memory.high", finding.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("ends a process", finding.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(4096, false)]
    public void Where_the_kernel_does_not_tell_the_machines_memory_the_runtime_does(int heapLimitMiB, bool isTold)
    {
        var process = new FakeProcess { Settings = new CollectorSettings { HeapHardLimitBytes = heapLimitMiB * MiB } };
        process.SetLastOfAnyKind(new GCReading { AvailableBytes = 8 * GiB });

        Assert.Equal(isTold ? 8 * GiB : null, HeapRoom.Read(process.Memory)!.Value.MachineBytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(120)]
    [InlineData(345)]
    public void Limits_that_leave_room_for_churn_are_not_mentioned(long mebibytes)
    {
        Assert.Null(HeapRules.CheckLimit(s_room, mebibytes * MiB));
        Assert.Empty(MemoryRules.Check(Breakdown(s_room, mebibytes * MiB)));
    }

    [Fact]
    public void Limits_that_do_not_are_told_with_the_container_the_heap_and_what_would_fit()
    {
        MemoryReportFinding finding = Assert.Single(MemoryRules.Check(Breakdown(s_room, 450 * MiB)));

        Assert.Equal(MemoryReportCause.HeapLimit, finding.Cause);
        Assert.Equal(
            "The container has 640 MiB, and the managed heap 480 MiB of them; caches that may have 450 MiB need about "
            + "611 MiB of heap while entries come and go, 131 MiB more. Near that limit the runtime stops the process "
            + "ever more often to collect, and at the limit it ends the process. "
            + "Lower MaxMemory to 345 MiB in all, or give the container or the heap "
            + "(System.GC.HeapHardLimitPercent) more.",
            finding.ToString());
        Assert.Equal(finding, HeapRules.CheckLimit(s_room, 450 * MiB));
    }

    [Theory]
    [InlineData(30)]
    [InlineData(96)]
    [InlineData(480)]
    [InlineData(24_000)]
    public void What_is_said_to_fit_does_and_little_more(long heapMebibytes)
    {
        var room = new HeapRoom(heapMebibytes * MiB, null);
        long fitting = HeapRoom.FittingOf(heapMebibytes * MiB);

        Assert.InRange(fitting, MiB, heapMebibytes * MiB);
        Assert.Null(HeapRules.CheckLimit(room, fitting));
        Assert.NotNull(room.FindWorst(fitting + (2 * MiB), 0, static bound => bound.MissingBytes > 0));
    }

    [Fact]
    public void Three_quarters_of_what_a_small_container_leaves_the_heap_are_too_much() =>
        Assert.NotNull(HeapRules.CheckLimit(new HeapRoom(96 * MiB, 128 * MiB), 72 * MiB));

    [Fact]
    public void The_largest_limit_there_is_does_not_overflow() =>
        Assert.NotNull(HeapRules.CheckLimit(new HeapRoom(480 * MiB, null), long.MaxValue));

    [Fact]
    public void A_heap_limited_outside_a_container_is_told_without_one() =>
        Assert.StartsWith(
            "The managed heap may have 480 MiB;",
            HeapRules.CheckLimit(new HeapRoom(480 * MiB, null), 480 * MiB)!.Text,
            StringComparison.Ordinal);

    [Fact]
    public void What_the_heap_keeps_for_pinned_objects_is_not_room_for_caches()
    {
        var room = new HeapRoom(480 * MiB, null) { PinnedObjectBytes = 200 * MiB };

        Assert.Null(HeapRules.CheckLimit(room with { PinnedObjectBytes = 0 }, 300 * MiB));
        Assert.StartsWith(
            "The managed heap may have 480 MiB, 200 MiB of them only for objects that were allocated pinned; caches "
            + "that may have 300 MiB need about",
            HeapRules.CheckLimit(room, 300 * MiB)!.Text,
            StringComparison.Ordinal);
        Assert.Null(HeapRules.CheckLimit(room, 180 * MiB));
    }

    [Fact]
    public void A_container_whose_heap_has_no_limit_bounds_the_whole_process()
    {
        var room = new HeapRoom(0, 640 * MiB);

        Assert.StartsWith(
            "The container has 640 MiB; caches that may have 600 MiB need about 798 MiB beside the process itself",
            HeapRules.CheckLimit(room, 600 * MiB)!.Text,
            StringComparison.Ordinal);
        Assert.Null(HeapRules.CheckLimit(room, 400 * MiB));

        // A heap that may have more than its container is bounded by the container.
        Assert.StartsWith(
            "The container has 640 MiB; caches",
            HeapRules.CheckLimit(new HeapRoom(2 * GiB, 640 * MiB), 600 * MiB)!.Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_without_containers_bounds_it_too()
    {
        var room = new HeapRoom(0, null) { MachineBytes = 24 * GiB };

        string said = HeapRules.CheckLimit(room, 1000 * GiB)!.ToString();

        Assert.StartsWith("The machine has 24 GiB of memory; caches that may have", said, StringComparison.Ordinal);
        Assert.Contains("Lower MaxMemory to 19.1 GiB in all", said, StringComparison.Ordinal);
        Assert.Null(HeapRules.CheckLimit(room, 19 * GiB));
    }

    [Fact]
    public void Parts_of_the_heap_bound_the_values_that_lie_in_them()
    {
        var room = new HeapRoom(2 * GiB, null) { SmallObjectBytes = 200 * MiB, LargeObjectBytes = GiB };

        Assert.Contains(
            "small objects (by default below 85,000 bytes) may have 200 MiB (GCHeapHardLimitSOH); "
                + "if the values are such objects",
            HeapRules.CheckLimit(room, 500 * MiB)!.Text,
            StringComparison.Ordinal);
        Assert.Contains(
            "large objects (by default from 85,000 bytes on) may have 200 MiB (GCHeapHardLimitLOH); "
                + "if the values are such objects",
            HeapRules.CheckLimit(
                room with { SmallObjectBytes = GiB, LargeObjectBytes = 200 * MiB }, 500 * MiB)!.Text,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "The managed heap may have 2 GiB;", HeapRules.CheckLimit(room, 2 * GiB)!.Text, StringComparison.Ordinal);
        Assert.Null(HeapRules.CheckLimit(room, 100 * MiB));
    }

    [Fact]
    public void A_limit_above_one_that_is_warned_of_is_warned_of_too()
    {
        HeapRoom[] rooms =
        [
            new(2 * GiB, null) { SmallObjectBytes = 200 * MiB },
            new(2 * GiB, null) { SmallObjectBytes = GiB, LargeObjectBytes = 1500 * MiB, PinnedObjectBytes = 100 * MiB },
            new(GiB, 1100 * MiB) { ContainerHighBytes = 900 * MiB, MachineBytes = 950 * MiB },
        ];
        Assert.All(rooms, static room =>
        {
            bool isWarned = false;
            for (long limit = MiB; limit < 3 * GiB; limit += MiB)
            {
                bool isWarnedNow = HeapRules.CheckLimit(room, limit) is not null;
                Assert.True(isWarnedNow || !isWarned, $"{limit / MiB} MiB");
                isWarned = isWarnedNow;
            }

            Assert.True(isWarned);
        });
    }

    [Fact]
    public void A_bound_that_is_missed_by_much_is_told_beside_a_larger_one_that_is_missed_by_a_little()
    {
        var room = new HeapRoom(2 * GiB, 106 * GiB);

        Assert.StartsWith(
            "The container has 106 GiB, and the managed heap 2 GiB of them",
            HeapRules.CheckLimit(room, 1984 * MiB, 100 * GiB)!.Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_bound_that_leaves_nothing_for_caches_is_one() => Assert.StartsWith(
        "The container may have 32 MiB before the kernel slows it down (memory.high)",
        HeapRules.CheckLimit(new HeapRoom(0, null) { ContainerHighBytes = 32 * MiB }, MiB)!.Text,
        StringComparison.Ordinal);

    [Fact]
    public void Native_memory_is_bounded_by_container_and_machine_and_needs_little_more_than_its_limit()
    {
        var container = new HeapRoom(100 * MiB, 1024 * MiB);

        Assert.Null(HeapRules.CheckLimit(container, 0, 900 * MiB));
        string said = HeapRules.CheckLimit(container, 0, 1000 * MiB)!.ToString();
        Assert.StartsWith(
            "The container has 1 GiB; caches that may have 0.98 GiB need about 1.03 GiB beside the process itself",
            said,
            StringComparison.Ordinal);
        Assert.Contains(
            "Lower MaxMemory to 944 MiB in all, or give the container more.", said, StringComparison.Ordinal);
        Assert.Null(HeapRules.CheckLimit(new HeapRoom(100 * MiB, null), 0, 1000 * GiB));
        Assert.NotNull(HeapRules.CheckLimit(default(HeapRoom) with { MachineBytes = GiB }, 0, long.MaxValue));
    }

    [Fact]
    public void Native_memory_and_objects_are_bounded_together()
    {
        var room = new HeapRoom(0, 1024 * MiB);
        Assert.Null(HeapRules.CheckLimit(room, 200 * MiB, 600 * MiB));
        Assert.Contains(
            "caches that may have 0.98 GiB need", HeapRules.CheckLimit(room, 200 * MiB, 800 * MiB)!.Text,
            StringComparison.Ordinal);

        // A fifth of objects: the largest such sum that fits.
        long fitting = HeapRoom.FittingOf(992 * MiB, new RoomNeed(200 * MiB, 800 * MiB));
        Assert.InRange(new RoomNeed(fitting / 5, fitting / 5 * 4).Bytes, 989 * MiB, 992 * MiB);

        // The heap bounds the objects alone.
        Assert.StartsWith(
            "The managed heap may have 200 MiB; caches that may have 200 MiB need",
            HeapRules.CheckLimit(new HeapRoom(200 * MiB, null), 200 * MiB, 10 * GiB)!.Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Where_even_the_smallest_limit_does_not_fit_none_is_named() => Assert.EndsWith(
        "No limit fits: give the container more.",
        HeapRules.CheckLimit(new HeapRoom(0, 20 * MiB), 10 * MiB)!.Advice,
        StringComparison.Ordinal);

    private static MemoryBreakdown Breakdown(HeapRoom? room, long limitsBytes) =>
        new()
        {
            ResidentBytes = 600 * MiB,
            HeapBytes = 500 * MiB,
            CacheBytes = 400 * MiB,
            Room = room,
            CacheLimitBytes = limitsBytes,
        };
}
