using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Results;
using Spectre.Console;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>The result of one run on one terminal screen, or as plain text without a terminal.</summary>
internal static class TerminalReport
{
    public static void Write(IAnsiConsole console, DemoResult result, IReadOnlyList<string> pictures)
    {
        SetupResult setup = result.Setup;
        string limit = ByteSize.Format(setup.MaxMemoryBytes);
        console.MarkupLineInterpolated(
            $"[bold]{setup.Cache.DisplayName()}[/]: {setup.Workload} through a limit of {limit}");
        console.MarkupLineInterpolated($"[grey]{result.Environment}[/]");
        console.Write(StageTable.Create(result.Stages, console.Profile.Width));
        console.MarkupLineInterpolated($"[grey]{ResultNotes.HowToRead(setup)}[/]");
        console.WriteLine();
        console.Write(ResidentBars.Create(result, console.Profile.Width));
        console.WriteLine();
        bool good = result.Faults.Count == 0 && result.Promises.All(promise => promise.Kept);
        console.MarkupLineInterpolated($"[bold {(good ? Palette.Good : Palette.Bad)}]{result.Verdict}[/]");
        foreach (string note in ResultNotes.Create(result))
        {
            console.MarkupLineInterpolated($"{note}");
        }

        WriteReports(console, result);
        WriteMemory(console, "MemoryReport, after the last stage:", result.Memory);
        WritePictures(console, pictures);
    }

    internal static void WritePictures(IAnsiConsole console, IReadOnlyList<string> pictures)
    {
        if (pictures.Count > 0)
        {
            console.MarkupLineInterpolated($"[grey]Pictures: {string.Join(", ", pictures)}[/]");
        }
    }

    internal static void WriteMemory(IAnsiConsole console, string title, MemoryReport memory)
    {
        console.WriteLine();
        console.MarkupLineInterpolated($"[{Palette.Accent}]{title}[/]");
        foreach (string line in memory.ToText().TrimEnd('\n').Split('\n'))
        {
            console.WriteLine(line);
        }
    }

    private static void WriteReports(IAnsiConsole console, DemoResult result)
    {
        foreach (ReportResult report in result.Reports)
        {
            console.MarkupLineInterpolated($"[{Palette.Accent}]ShrinkReport, stage {report.Stage}:[/] {report.Text}");
            foreach (string advice in report.Advice)
            {
                console.MarkupLineInterpolated($"  {advice}");
            }
        }
    }
}
