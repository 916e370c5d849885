using System.Runtime.CompilerServices;
using BoundedCache.Examples.Tests.ShrinkDemo.Support;
using BoundedCache.ShrinkDemo;
using BoundedCache.ShrinkDemo.Rendering;
using BoundedCache.TestSupport;
using Spectre.Console;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Rendering;

public class TerminalReportTests
{
    [Fact]
    public void One_run_fits_a_screen() =>
        Verify(console => TerminalReport.Write(
            console, SampleResults.BoundedCache(), ["artifacts/shrinkdemo.svg", "artifacts/shrinkdemo.html"]));

    [Fact]
    public void A_trace_has_its_hit_ratios() =>
        Verify(console => TerminalReport.Write(console, SampleResults.Trace(), []));

    [Fact]
    public void Another_cache_has_its_losses() =>
        Verify(console => TerminalReport.Write(console, SampleResults.MemoryCache(), []));

    [Fact]
    public void Two_runs_stand_side_by_side() =>
        Verify(console =>
            ComparisonTerminalReport.Write(console, SampleResults.Comparison(), ["artifacts/shrinkdemo-compare.svg"]));

    private static void Verify(Action<IAnsiConsole> write, [CallerMemberName] string test = "")
    {
        using var output = new StringWriter();
        write(DemoTerminal.Plain(output, TextWriter.Null).OutputConsole);
        string text = output.ToString();

        Assert.DoesNotContain('\u001b', text);
        Snapshot.Verify(
            string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd())),
            testMethod: test);
    }
}
