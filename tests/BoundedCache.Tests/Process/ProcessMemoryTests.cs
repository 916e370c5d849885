using BoundedCache.Process;

namespace BoundedCache.Tests.Process;

/// <summary>The reading of this process's memory.</summary>
public sealed class ProcessMemoryTests
{
    private const string Full = "Name:\tx\nVmPeak:\t 9999 kB\nVmHWM:\t    4000 kB\nVmRSS:\t    3000 kB\n"
        + "RssAnon:\t    2000 kB\nRssFile:\t    1000 kB\nThreads:\t1\n";

    private static ProcessMemorySnapshot Read(string? status) =>
        new ProcessMemory(new FakeFiles(status), new FakeProcess()).TakeSnapshot();

    [Fact]
    public void A_status_file_is_read_in_kibibytes()
    {
        ProcessMemorySnapshot snapshot = Read(Full);

        Assert.Equal(3000 * 1024, snapshot.ResidentBytes);
        Assert.Equal(2000 * 1024, snapshot.AnonymousBytes);
        Assert.Equal(1000 * 1024, snapshot.FileBytes);
        Assert.Equal(4000 * 1024, snapshot.PeakResidentBytes);
        Assert.Equal("/proc/self/status", snapshot.Source);
    }

    [Fact]
    public void Missing_lines_are_null_and_named()
    {
        ProcessMemorySnapshot snapshot = Read("Name:\tx\nVmRSS:\t 3000 kB\nVmHWM:\t 4000 kB\n");

        Assert.Equal(3000 * 1024, snapshot.ResidentBytes);
        Assert.Null(snapshot.AnonymousBytes);
        Assert.Null(snapshot.FileBytes);
        Assert.Contains("lacks RssAnon, RssFile", snapshot.Source, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RssAnon:\t kB\n")]
    [InlineData("RssAnon:\t-5 kB\n")]
    [InlineData("RssAnon:\t12 MB\n")]
    [InlineData("RssAnon:\t12\n")]
    [InlineData("RssAnon:\t99999999999999999999 kB\n")]
    [InlineData("RssAnon:\t9223372036854775807 kB\n")]
    [InlineData("RssAnon:\t12 kB")]
    [InlineData("RssAnon\n")]
    [InlineData("\0\u00ff:\n:\n")]
    public void An_unsound_line_is_as_good_as_a_missing_one(string line)
    {
        ProcessMemorySnapshot snapshot = Read("VmRSS:\t 3000 kB\n" + line);

        Assert.Equal(3000 * 1024, snapshot.ResidentBytes);
        Assert.Null(snapshot.AnonymousBytes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("VmRSS:\tmany kB\nRssAnon:\t1 kB\n")]
    public void Without_a_sound_status_file_the_platform_is_asked(string? status)
    {
        ProcessMemorySnapshot snapshot = Read(status);

        Assert.True(snapshot.ResidentBytes > 0);
        Assert.Null(snapshot.AnonymousBytes);
        Assert.Contains("Environment.WorkingSet", snapshot.Source, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("VmRSS:\t 0 kB\n")]
    public void Memory_that_nobody_tells_is_unknown(string? status)
    {
        ProcessMemorySnapshot snapshot = new ProcessMemory(
            new FakeFiles(status), new FakeProcess(), null, static () => 0).TakeSnapshot();

        Assert.True(snapshot.IsResidentUnknown);
        Assert.StartsWith("RSS unknown", snapshot.ToString(), StringComparison.Ordinal);
        Assert.False(Read("VmRSS:\t 3000 kB\n").IsResidentUnknown);
    }

    [Fact]
    public void A_status_file_with_a_very_long_line_before_the_memory_is_read_to_its_end()
    {
        ProcessMemorySnapshot snapshot = Read($"Groups:\t{string.Join(' ', Enumerable.Range(0, 60_000))}\n{Full}");

        Assert.Equal(2000 * 1024, snapshot.AnonymousBytes);
        Assert.Equal("/proc/self/status", snapshot.Source);
    }

    [Theory]
    [InlineData("Threads:\t12\n", 12L)]
    [InlineData("x:\t1\nThreads:  \t12 \n", 12L)]
    [InlineData("Threads:\t12 kB\n", null)]
    [InlineData("Threads:\t-1\n", null)]
    [InlineData("Threads:\t12", null)]
    [InlineData("Threads\n", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Threads_are_read_from_the_status_file(string? status, long? expected) =>
        Assert.Equal(expected, new ProcessMemory(new FakeFiles(status), new FakeProcess()).ReadThreads());

    [Fact]
    public void The_largest_amount_that_fits_is_read() => Assert.Equal(
        9007199254740991 * 1024, Read("VmRSS:\t 3000 kB\nRssAnon:\t9007199254740991 kB\n").AnonymousBytes);

    [Fact]
    public void All_that_a_status_file_lacks_is_named()
    {
        Assert.EndsWith(
            ", which lacks RssAnon, RssFile, VmHWM", Read("VmRSS:\t 3000 kB\n").Source, StringComparison.Ordinal);
        Assert.EndsWith(", which lacks RssFile", Read(
            "VmRSS:\t 3000 kB\nRssAnon:\t 1 kB\nVmHWM:\t 1 kB\n").Source, StringComparison.Ordinal);
        Assert.EndsWith(", which lacks VmHWM", Read(
            "VmRSS:\t 3000 kB\nRssAnon:\t 1 kB\nRssFile:\t 1 kB\n").Source, StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_has_the_collectors_figures()
    {
        var process = new FakeProcess { DeadBytes = 3 * FakeProcess.MiB };
        process.SetLast(new GCReading { Index = 1, HeapBytes = 50, FragmentedBytes = 20, CommittedBytes = 70 });

        ProcessMemorySnapshot snapshot = process.Memory.TakeSnapshot();

        Assert.Equal((30, 20, 70), (snapshot.LiveBytes, snapshot.FragmentedBytes, snapshot.CommittedBytes));
        Assert.Equal(43 * FakeProcess.MiB, snapshot.AllocatedBytes);
    }

    [Fact]
    public void A_snapshot_can_be_built_by_hand_and_reads_as_one_line()
    {
        var snapshot = new ProcessMemorySnapshot { ResidentBytes = 120 * FakeProcess.MiB, LiveBytes = FakeProcess.MiB };

        Assert.Equal("", snapshot.Source);
        Assert.Equal(
            "RSS 120 MiB, GC heap: live 1 MiB, allocated 0 B, holes 0 B, committed 0 B", snapshot.ToString());
        Assert.StartsWith(
            "RSS 120 MiB (anonymous 90 MiB, files 30 MiB, peak 140 MiB), GC heap:",
            (snapshot with
            {
                AnonymousBytes = 90 * FakeProcess.MiB,
                FileBytes = 30 * FakeProcess.MiB,
                PeakResidentBytes = 140 * FakeProcess.MiB,
            }).ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_allocator_is_the_one_given_or_the_processs_own()
    {
        var process = new FakeProcess();

        Assert.Same(process, process.Memory.Allocator);
        Assert.IsType<GlibcAllocator>(new ProcessMemory(process, process).Allocator);
    }

    [Fact]
    public void This_process_has_memory_and_knows_what_is_available()
    {
        ProcessMemorySnapshot snapshot = ProcessMemorySnapshot.Take();

        Assert.True(snapshot.ResidentBytes > 1_000_000);
        Assert.True(ProcessMemory.AvailableBytes > snapshot.ResidentBytes / 2);
        if (OperatingSystem.IsLinux())
        {
            Assert.InRange(snapshot.AnonymousBytes!.Value, 1_000_000, snapshot.ResidentBytes);
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_no_error() =>
        Assert.Equal(-1, new ProcessFiles().Read("/proc/self/no-such-file", new byte[8]));

    [Fact]
    public void A_directory_is_no_error() => Assert.Equal(-1, new ProcessFiles().Read(Path.GetTempPath(), new byte[8]));
}
