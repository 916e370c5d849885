using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Results;
using Spectre.Console;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>All runs in the terminal: two side by side.</summary>
internal static class ComparisonTerminalReport
{
    public static void Write(IAnsiConsole console, ComparisonResult result, IReadOnlyList<string> pictures)
    {
        SetupResult setup = result.BoundedCache.Setup;
        string limit = ByteSize.Format(setup.MaxMemoryBytes);
        console.MarkupLineInterpolated(
            $"[bold]{setup.Workload} through a limit of {limit}[/], each cache in its own process");
        console.MarkupLineInterpolated($"[grey]{result.BoundedCache.Environment}[/]");
        console.Write(Table(result));
        if (result.Bytes is not null)
        {
            console.MarkupLineInterpolated($"[bold]{CacheKind.Bytes.DisplayName()}[/], the same story:");
            console.Write(StageTable.Create(result.Bytes.Stages, console.Profile.Width));
        }

        console.MarkupLineInterpolated($"[grey]{ResultNotes.HowToRead(setup)}[/]");
        console.WriteLine();
        console.Write(ResidentBars.Create(result, console.Profile.Width));
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold]{result.Verdict}[/]");
        DemoResult[] all =
            [result.BoundedCache, result.MemoryCache, .. result.Bytes is null ? (DemoResult[])[] : [result.Bytes]];
        foreach (DemoResult one in all)
        {
            console.MarkupLineInterpolated($"[{Palette.Accent}]{one.Setup.Cache.DisplayName()}:[/] {one.Verdict}");
            foreach (string note in ResultNotes.Create(one))
            {
                console.MarkupLineInterpolated($"  {note}");
            }
        }

        // The report does not know MemoryCache: it would show its entries as other live objects.
        TerminalReport.WriteMemory(
            console,
            $"MemoryReport of {CacheKind.BoundedCache.DisplayName()}'s process, after the last stage:",
            result.BoundedCache.Memory);
        TerminalReport.WritePictures(console, pictures);
    }

    private static Table Table(ComparisonResult result)
    {
        string ours = CacheKind.BoundedCache.DisplayName();
        string theirs = CacheKind.MemoryCache.DisplayName();
        Table table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey42);
        table.AddColumn(new TableColumn($"[bold]{ours}[/]"));
        AddFigures(table);
        table.AddColumn(new TableColumn($"[bold]{theirs}[/]"));
        AddFigures(table);
        foreach ((StageResult left, StageResult right) in result.BoundedCache.Stages.Zip(result.MemoryCache.Stages))
        {
            table.AddRow([.. Cells(left), .. Cells(right)]);
        }

        return table;
    }

    private static void AddFigures(Table table)
    {
        foreach (string heading in (string[])[
            $"[{Palette.Cache}]cache[/]", $"[bold {Palette.Resident}]RSS[/]", "time", "GC pause"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned().NoWrap());
        }
    }

    private static string[] Cells(StageResult stage) =>
    [
        Markup.Escape($"{stage.Number} {stage.Label}"),
        ByteSize.Format(stage.CacheBytes),
        $"[bold]{ByteSize.Format(stage.ResidentBytes)}[/]",
        Figures.Time(stage.Elapsed),
        Figures.Time(stage.GcPause),
    ];
}
