using System.Globalization;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ShrinkDemo.EndToEnd;

public sealed class InterruptTests : IDisposable
{
    private const string Demo = "examples/ShrinkDemo";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("bounded-cache")]
    [InlineData("memory-cache")]
    public async Task Ctrl_C_ends_a_run_cleanly(string cache)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var demo = new ProgramProcess(Demo, [.. Endless(), "--cache", cache]);
        await demo.WaitForAsync("1 start");
        await demo.SignalAsync("INT");
        await AssertEndedCleanlyAsync(demo);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_comparison_and_its_process()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string mark = Random.Shared.NextInt64(1L << 40, 1L << 50).ToString(CultureInfo.InvariantCulture);
        using var demo = new ProgramProcess(Demo, [.. Endless(mark), "--compare"]);
        await demo.WaitForAsync("[bounded-cache] 1 start");
        await demo.SignalAsync("INT");
        await AssertEndedCleanlyAsync(demo);
        Assert.Empty(ProcessesWith(mark));
    }

    private string[] Endless(string entries = "1000000000000") =>
        ["--entries", entries, "--max-memory", "64MB", "--wait", "0.1", "--json", "--output", _directory.PathOf(
            "pictures")];

    private async Task AssertEndedCleanlyAsync(ProgramProcess demo)
    {
        (int exitCode, string output, string error) = await demo.EndAsync();

        Assert.Equal(130, exitCode);
        Assert.Equal(string.Empty, output);
        Assert.Equal("ShrinkDemo: interrupted; no result was written.", error.TrimEnd().Split('\n')[^1]);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    private static List<string> ProcessesWith(string argument)
    {
        var found = new List<string>();
        foreach (string process in Directory.GetDirectories("/proc"))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(process, "cmdline")).Contains(argument, StringComparison.Ordinal))
                {
                    found.Add(process);
                }
            }
            catch (IOException)
            {
                // Not a process, or one that ended meanwhile.
            }
            catch (UnauthorizedAccessException)
            {
                // Somebody else's.
            }
        }

        return found;
    }
}
