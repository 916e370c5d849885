using System.Diagnostics;
using System.Globalization;
using BoundedCache.Figures;
using BoundedCache.Figures.Figures;
using Spectre.Console;

// The figures that the project holds itself to, each measured in a process of its own.
//   dotnet run -c Release --project benchmarks/BoundedCache.Figures              all of them
//   dotnet run -c Release --project benchmarks/BoundedCache.Figures -- hits one, by name; "churn:full
//   speed" for a part of one
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
IFigure[] figures =
[
    new BytesPerEntry(), new UsedAgainstCollector(), new Sizes(), new Measuring(), new Hits(),
    new Policies(), new StatisticsCost(),
    new Sets(), new EvictingSets(), new Touches(),
    new LongestSet(), new Collisions(), new Expiring(), new Eviction(), new Setter(), new Gentle(), new Churn(),
    new Bound(), new Growing(), new ByteCaches(), new ByteServers(), new Fleet(), new Libraries(),
];

if (args is ["--child", string child, .. string[] rest])
{
    figures.Single(figure => figure.Name == child).Measure(rest);
    return 0;
}

if (args is ["--help"])
{
    Console.WriteLine("Measures the project's figures. Name none for all, or some; after a colon, "
        + "a text for only those parts that have it in their title:");
    Array.ForEach(figures, static figure =>
        Console.WriteLine(string.Join("\n    ", [figure.Name, .. (figure as IPartedFigure)?.Parts ?? []])));
    return 0;
}

if (FigureChoice.Find(figures, args, out List<(IFigure Figure, Func<IEnumerable<Row>> Run)> chosen) is string problem)
{
    Console.Error.WriteLine(problem);
    return 2;
}

AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 120);
Console.WriteLine(RunStamp.Take("benchmarks/BoundedCache.Figures", args));
foreach ((IFigure figure, Func<IEnumerable<Row>> run) in chosen)
{
    long started = Stopwatch.GetTimestamp();
    var stolen = new StolenTime();
    var table = new Table { Title = new TableTitle(Markup.Escape($"{figure.Name}: {figure.Title}")) };
    table.AddColumns("what", "measured", "bar");
    foreach (Row row in run())
    {
        table.AddRow(Markup.Escape(row.What), Markup.Escape(row.Measured), Markup.Escape(row.Bar));
    }

    AnsiConsole.Write(table);
    Console.WriteLine($"({Stopwatch.GetElapsedTime(started).TotalSeconds:N0} s{stolen})");
}

return 0;
