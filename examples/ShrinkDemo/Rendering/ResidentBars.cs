using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Results;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>RSS per stage as bars in the terminal.</summary>
internal static class ResidentBars
{
    private const int MostBarWidth = 48;
    private const int LeastBarWidth = 10;

    /// <summary>Width of an amount after a bar, and of the space between the columns.</summary>
    private const int FigureWidth = 12;

    /// <summary>A bar per stage of one run.</summary>
    public static IRenderable Create(DemoResult result, int width) =>
        Draw([.. result.Stages.Select(stage =>
            new Bar($"{stage.Number} {stage.Label}", Palette.Resident, stage.ResidentBytes))], width);

    /// <summary>The bars of all runs per stage.</summary>
    public static IRenderable Create(ComparisonResult result, int width) =>
        Draw(
            [
                .. result.BoundedCache.Stages.Zip(result.MemoryCache.Stages).SelectMany((pair, i) => (Bar[])
                [
                    new(
                        $"{pair.First.Number} {CacheKind.BoundedCache.DisplayName()}",
                        Palette.Good,
                        pair.First.ResidentBytes),
                    .. result.Bytes is null
                        ? (Bar[])[]
                        :
                        [
                            new(
                                $"  {CacheKind.Bytes.DisplayName()}",
                                Palette.Good,
                                result.Bytes.Stages[i].ResidentBytes),
                        ],
                    new($"  {CacheKind.MemoryCache.DisplayName()}", Palette.Resident, pair.Second.ResidentBytes),
                ]),
            ],
            width);

    private static Grid Draw(IReadOnlyList<Bar> bars, int width)
    {
        Grid grid = new Grid()
            .AddColumn(new GridColumn().NoWrap().PadRight(2))
            .AddColumn(new GridColumn().NoWrap().PadRight(0));
        int most = Math.Clamp(width - bars.Max(bar => bar.Label.Length) - FigureWidth, LeastBarWidth, MostBarWidth);
        long largest = bars.Max(bar => bar.Bytes);
        foreach (Bar bar in bars)
        {
            int length = Math.Max(1, (int)Math.Round((double)bar.Bytes / largest * most));
            grid.AddRow(
                Markup.Escape(bar.Label), $"[{bar.Colour}]{new string('█', length)}[/] {ByteSize.Format(bar.Bytes)}");
        }

        return grid;
    }

    private readonly record struct Bar(string Label, string Colour, long Bytes);
}
