using BoundedCache.LoadRuns.Processes;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.Processes;

/// <summary>What the kernel says of a process.</summary>
public sealed class ProcessStatusTests
{
    [Fact]
    public void Amounts_are_read_as_KiB() => Assert.Equal(
        new ProcessStatus(100 * 1024, 200 * 1024),
        ProcessStatus.Parse(["Name:\tx", "VmHWM:\t     200 kB", "VmRSS:\t     100 kB", "RssAnon:\t 90 kB"]));

    [Fact]
    public void A_process_that_has_died_has_none() =>
        Assert.Null(ProcessStatus.Parse(["Name:\tx", "State:\tZ (zombie)"]));

    [Fact]
    public void A_process_that_there_is_not_has_none() => Assert.Null(ProcessStatus.Read(int.MaxValue));

    [Fact]
    public void This_one_has()
    {
        if (OperatingSystem.IsLinux())
        {
            ProcessStatus status = ProcessStatus.Read(Environment.ProcessId)!.Value;
            Assert.InRange(status.ResidentBytes, 1 << 20, status.PeakBytes);
        }
    }
}
