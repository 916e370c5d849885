using BoundedCache.ShrinkDemo;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ShrinkDemo.CommandLine;

/// <summary>
/// Whatever is wrong with the command line: one line on standard error, nothing on standard output, exit code 2.
/// </summary>
public class BadInputTests
{
    [Theory]
    [InlineData("--limit 5", "there is no option '--limit'; --help lists those there are")]
    [InlineData("fast", "'fast' belongs to no option; --help lists the options")]
    [InlineData("--entries", "Required argument missing for option: '--entries'")]
    [InlineData("--entries 1 --entries 2", "Option '--entries' expects a single argument but 2 were provided")]
    [InlineData("--entries many", "--entries: 'many' is not a whole number of at least 1, such as 2000000")]
    [InlineData("--entries 0", "--entries: '0' is not a whole number of at least 1, such as 2000000")]
    [InlineData("--entries -3", "--entries: '-3' is not a whole number of at least 1, such as 2000000")]
    [InlineData(
        "--max-memory 12XB",
        "--max-memory: '12XB' is not a size: bytes, or a number with a unit such as 100MB or 1.5GiB (MB and MiB both "
            + "mean 1024 * 1024 bytes)")]
    [InlineData(
        "--max-memory -1GB",
        "--max-memory: '-1GB' is not a size: bytes, or a number with a unit such as 100MB or 1.5GiB (MB and MiB both "
            + "mean 1024 * 1024 bytes)")]
    [InlineData("--max-memory 0", "--max-memory: '0' is too small; the least is 1 byte")]
    [InlineData("--max-memory 100", "--max-memory 100 B cannot hold even 4 entries; the least is 1,028 bytes (1 KiB)")]
    [InlineData("--value-size 0B", "--value-size: '0B' is too small; the least is 1 byte")]
    [InlineData(
        "--value-size 16MB --max-memory 16MB",
        "--value-size 16 MiB is too large for --max-memory 16 MiB, which must hold 4 entries; "
            + "at most 4,194,048 bytes (4 MiB) fit")]
    [InlineData("--shrink-to 1GB", "--shrink-to 1 GiB is not below the limit before it, 1 GiB")]
    [InlineData("--shrink-to 10MB --shrink-to 20MB", "--shrink-to 20 MiB is not below the limit before it, 10 MiB")]
    [InlineData("--release soft", "--release: 'soft' is not one of none, gentle, full")]
    [InlineData("--cache redis", "--cache: 'redis' is not one of bounded-cache, memory-cache, bytes")]
    [InlineData("--compare --cache memory-cache", "--compare runs all caches; leave --cache out")]
    [InlineData("--trace x.gz --entries 5", "--trace replays as many requests as its file holds; leave --entries out")]
    [InlineData("--trace no/such/file", "--trace 'no/such/file': there is no such file")]
    [InlineData("--trace .", "--trace '.' is a directory; give a file")]
    [InlineData("--wait -1", "--wait: '-1' is not a number of seconds from 0 to 3600, such as 2 or 0.5")]
    public async Task One_line_says_what_is_wrong(string arguments, string message)
    {
        using var output = new StringWriter();
        using var error = new StringWriter { NewLine = "\n" };

        ExitCode exitCode = await new DemoApplication(DemoTerminal.Plain(output, error))
            .RunAsync(arguments.Split(' '), CancellationToken.None);

        Assert.Equal($"ShrinkDemo: {message}.\n", error.ToString());
        Assert.Equal(string.Empty, output.ToString());
        Assert.Equal(ExitCode.Usage, exitCode);
    }

    [Fact]
    public async Task An_output_directory_below_a_file_is_refused_before_anything_runs()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("file", "text");
        using var error = new StringWriter();

        ExitCode exitCode = await new DemoApplication(DemoTerminal.Plain(TextWriter.Null, error))
            .RunAsync(["--output", Path.Combine(file, "pictures")], CancellationToken.None);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Contains("is a file, not a directory", error.ToString(), StringComparison.Ordinal);
        Assert.Equal([file], Directory.GetFileSystemEntries(directory.Path));
    }

    [Theory]
    [InlineData((int)CacheKind.MemoryCache, false)]
    [InlineData((int)CacheKind.BoundedCache, true)]
    public void A_limit_that_a_MemoryCache_cannot_hold_is_refused_with_both_numbers_and_one_that_fits(
        int cache, bool compare)
    {
        const long fits = 1_342_177_280;
        var options = new DemoOptions { Cache = (CacheKind)cache, Compare = compare, MaxMemoryBytes = fits + 1 };

        DemoException failure = Assert.Throws<DemoException>(
            () => OptionChecks.MachineHolds(options, availableBytes: 2L << 30));

        Assert.Equal(
            $"--max-memory {ByteSize.Format(fits + 1)} is more than this machine or container can hold: "
                + "it gives the heap 2 GiB, and a full MemoryCache needs about 1.6 times its limit; "
                + "up to 1,342,177,280 bytes (1.25 GiB) fit",
            failure.Message);
        OptionChecks.MachineHolds(options with { MaxMemoryBytes = fits }, availableBytes: 2L << 30);
    }

    [Theory]
    [InlineData((int)CacheKind.BoundedCache)]
    [InlineData((int)CacheKind.Bytes)]
    public void A_limit_is_refused_where_the_library_says_that_it_does_not_fit_and_nowhere_else(int cache)
    {
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var refused = new List<bool>();
        for (int percent = 60; percent <= 140; percent++)
        {
            long limit = available / 100 * percent;
            var options = new DemoOptions { Cache = (CacheKind)cache, MaxMemoryBytes = limit };
            MemoryReportFinding? finding = AskLibrary((CacheKind)cache, limit);

            Exception? failure = Record.Exception(() => OptionChecks.MachineHolds(options, available));

            Assert.Equal(
                finding is null
                    ? null
                    : $"--max-memory {ByteSize.Format(limit)} is more than this machine or container can hold. "
                        + $"{finding.Text} {finding.Advice}".TrimEnd('.'),
                failure?.Message);
            refused.Add(failure is not null);
        }

        Assert.Contains(false, refused);
        Assert.Contains(true, refused);
    }

    /// <summary>A container's limit reaches a program as its heap's: three quarters of it.</summary>
    [Fact]
    public async Task In_a_container_of_512_MiB_one_line_says_that_the_usual_limit_is_too_much_and_which_one_fits()
    {
        var heap = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = $"{384L << 20:x}" };

        ProgramEnd end = await ProgramProcess.RunAsync("examples/ShrinkDemo", heap);

        Assert.Equal((int)ExitCode.Usage, end.ExitCode);
        Assert.Equal("", end.Output);
        string line = Assert.Single(end.Errors.Trim().Split('\n'));
        Assert.StartsWith("ShrinkDemo: --max-memory 1 GiB is more than this", line, StringComparison.Ordinal);
        Assert.Contains("The managed heap may have 384 MiB", line, StringComparison.Ordinal);
        Assert.Contains("Lower MaxMemory to 268 MiB", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_goes_to_standard_output_and_names_every_option()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        ExitCode exitCode = await new DemoApplication(DemoTerminal.Plain(output, error))
            .RunAsync(["--help"], CancellationToken.None);

        Assert.Equal(ExitCode.Done, exitCode);
        Assert.Equal(string.Empty, error.ToString());
        Assert.All(
            (string[])
            [
                "--entries", "--value-size", "--max-memory", "--shrink-to", "--release", "--cache", "--compare",
                "--trace", "--wait", "--output", "--json", "1024 * 1024",
            ],
            option => Assert.Contains(option, output.ToString(), StringComparison.Ordinal));
    }

    private static MemoryReportFinding? AskLibrary(CacheKind kind, long limit)
    {
        if (kind == CacheKind.Bytes)
        {
            using var bytes = new BoundedByteCache(new BoundedByteCacheOptions { MaxMemory = 1 << 20 });
            return MemoryReport.CheckLimit(bytes, limit);
        }

        using var objects = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 1 << 20 });
        return MemoryReport.CheckLimit(objects, limit);
    }
}
