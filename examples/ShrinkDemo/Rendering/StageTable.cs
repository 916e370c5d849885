using BoundedCache.ShrinkDemo.Results;
using Spectre.Console;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>
/// The table of the story in the terminal: a row per stage. On a narrow terminal it shows only the stages' numbers;
/// the bars below the table show their names as well.
/// </summary>
internal static class StageTable
{
    private const int WidthForNames = 112;

    public static Table Create(IEnumerable<StageResult> stages, int width)
    {
        Table table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey42);
        table.AddColumn(new TableColumn(width < WidthForNames ? "#" : "stage"));
        foreach (string heading in (string[])
            [
                "entries",
                $"[{Palette.Cache}]cache[/]",
                $"[{Palette.Live}]live heap[/]",
                $"[{Palette.Committed}]committed[/]",
                $"[bold {Palette.Resident}]RSS[/]", "time", "GC pause"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned().NoWrap());
        }

        foreach (StageResult stage in stages)
        {
            table.AddRow(
                Markup.Escape(width < WidthForNames ? $"{stage.Number}" : $"{stage.Number} {stage.Label}"),
                Figures.Count(stage.Entries),
                ByteSize.Format(stage.CacheBytes),
                ByteSize.Format(stage.LiveBytes),
                ByteSize.Format(stage.CommittedBytes),
                $"[bold]{ByteSize.Format(stage.ResidentBytes)}[/]",
                Figures.Time(stage.Elapsed),
                Figures.Time(stage.GcPause));
        }

        return table;
    }
}
