using Spectre.Console;

namespace BoundedCache.Tool;

/// <summary>Tables on a terminal, or in a file.</summary>
internal static class Tables
{
    private const int WidthOfFiles = 160;

    /// <summary>A console on a writer. Where it is no terminal, tables are as wide as they need to be.</summary>
    public static IAnsiConsole ConsoleOn(TextWriter output)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = WidthOfFiles;
        }

        return console;
    }

    public static void AddRow(Table table, params IEnumerable<string> cells) =>
        table.AddRow([.. cells.Select(Markup.Escape)]);

    public static Table Create(string first, params string[] others)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn(first).NoWrap());
        foreach (string other in others)
        {
            table.AddColumn(new TableColumn(other) { Alignment = Justify.Right });
        }

        return table;
    }

    public static void Write(TextWriter output, Table table) => ConsoleOn(output).Write(table);
}
