using System.Diagnostics;
using System.Globalization;
using BoundedCache.Figures;
using BoundedCache.Figures.Figures;
using Spectre.Console;

// The figures that the project holds itself to, each measured in a process of its own.
//   dotnet run -c Release --project benchmarks/BoundedCache.Figures              all of them
//   dotnet run -c Release --project benchmarks/BoundedCache.Figures -- hits      one, by name
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
IFigure[] figures =
[
    new BytesPerEntry(), new UsedAgainstCollector(), new Sizes(), new Measuring(), new Hits(), new StatisticsCost(), new Sets(), new Touches(), new LongestSet(),
    new Eviction(), new Setter(), new Gentle(), new Churn(),
];

if (args is ["--child", string child, .. string[] rest])
{
    figures.Single(figure => figure.Name == child).Measure(rest);
    return 0;
}

string[] unknown = [.. args.Where(arg => figures.All(figure => figure.Name != arg))];
if (unknown.Length > 0 || args is ["--help"])
{
    bool isHelp = args is ["--help"];
    (isHelp ? Console.Out : Console.Error).WriteLine(
        (isHelp ? "Measures the project's figures." : $"Unknown figure: {string.Join(", ", unknown)}.")
        + $" Name none for all, or some of: {string.Join(", ", figures.Select(static figure => figure.Name))}.");
    return isHelp ? 0 : 2;
}

AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 120);
Console.WriteLine(RunStamp.Take("benchmarks/BoundedCache.Figures", args));
foreach (IFigure figure in figures.Where(figure => args.Length == 0 || args.Contains(figure.Name)))
{
    long started = Stopwatch.GetTimestamp();
    var table = new Table { Title = new TableTitle(Markup.Escape($"{figure.Name}: {figure.Title}")) };
    table.AddColumns("what", "measured", "bar");
    foreach (Row row in figure.Run())
    {
        table.AddRow(Markup.Escape(row.What), Markup.Escape(row.Measured), Markup.Escape(row.Bar));
    }

    AnsiConsole.Write(table);
    Console.WriteLine($"({Stopwatch.GetElapsedTime(started).TotalSeconds:N0} s)");
}

return 0;
