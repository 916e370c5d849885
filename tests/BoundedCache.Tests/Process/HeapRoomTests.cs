using BoundedCache.Process;
using BoundedCache.Report;

namespace BoundedCache.Tests.Process;

/// <summary>Whether limits fit a heap with a hard limit, and what is said where they do not.</summary>
public sealed class HeapRoomTests
{
    private const long MiB = 1024 * 1024;

    private static readonly HeapRoom s_room = new(480 * MiB, 640 * MiB);

    [Fact]
    public void A_heap_without_a_hard_limit_has_room_for_anything()
    {
        Assert.Null(HeapRoom.Read(new FakeProcess().Memory));
        Assert.DoesNotContain(MemoryRules.Check(Breakdown(null, long.MaxValue)), static finding =>
            finding.Cause == MemoryReportCause.HeapLimit);
    }

    [Fact]
    public void A_hard_limit_is_read_from_the_collector()
    {
        var process = new FakeProcess { Settings = new CollectorSettings { HeapHardLimitBytes = 480 * MiB } };

        Assert.Equal(new HeapRoom(480 * MiB, null), HeapRoom.Read(process.Memory));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(120)]
    [InlineData(384)]
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
            + "563 MiB of heap while entries come and go, 82.5 MiB more. Near that limit the runtime stops the process "
            + "ever more often to collect, and at the limit it ends the process. "
            + "Lower MaxMemory to 384 MiB in all, or give the container or the heap "
            + "(System.GC.HeapHardLimitPercent) more.",
            finding.ToString());
        Assert.Equal(finding, HeapRules.CheckLimit(s_room, 450 * MiB));
    }

    [Fact]
    public void What_is_said_to_fit_does()
    {
        Assert.Equal(384 * MiB, s_room.FittingBytes);
        Assert.InRange(s_room.MissingBytes(s_room.FittingBytes), long.MinValue, 0);
        Assert.Null(HeapRules.CheckLimit(s_room, s_room.FittingBytes));
    }

    [Fact]
    public void The_largest_limit_there_is_does_not_overflow() =>
        Assert.NotNull(HeapRules.CheckLimit(new HeapRoom(480 * MiB, null), long.MaxValue));

    [Fact]
    public void A_heap_limited_outside_a_container_is_told_without_one() =>
        Assert.StartsWith(
            "The managed heap may have 480 MiB;",
            HeapRules.CheckLimit(new HeapRoom(480 * MiB, null), 480 * MiB)!.Text,
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
