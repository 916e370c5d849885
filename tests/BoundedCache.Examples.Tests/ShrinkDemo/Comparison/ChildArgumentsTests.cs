using BoundedCache.ShrinkDemo;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Comparison;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Comparison;

public class ChildArgumentsTests
{
    [Fact]
    public async Task A_child_reads_back_the_options_of_its_parent()
    {
        using var directory = new TemporaryDirectory();
        await AssertReadBackAsync(new DemoOptions
        {
            Cache = CacheKind.MemoryCache,
            Entries = 12_345,
            ValueBytes = 77,
            MaxMemoryBytes = 12_345_678,
            ShrinkToBytes = [1_234_567, 9_999, 1],
            Release = ReleaseMode.None,
            Wait = TimeSpan.FromSeconds(0.25),
            Json = true,
            OutputDirectory = null,
        });
        await AssertReadBackAsync(
            new DemoOptions { TraceFile = directory.Write("a trace", "a 1"), Json = true, OutputDirectory = null });
    }

    private static async Task AssertReadBackAsync(DemoOptions expected)
    {
        DemoOptions? read = null;
        var command = new DemoCommand((options, _) =>
        {
            read = options;
            return Task.FromResult(ExitCode.Done);
        });
        await command.InvokeAsync([.. ChildArguments.For(expected)], TextWriter.Null, CancellationToken.None);

        Assert.Equal(expected.ShrinkToBytes, read!.ShrinkToBytes);
        Assert.Equal(expected, read with { ShrinkToBytes = expected.ShrinkToBytes });
    }
}
