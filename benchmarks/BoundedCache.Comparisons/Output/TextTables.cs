using BoundedCache.Harness.Peers;
using Spectre.Console;

namespace BoundedCache.Comparisons.Output;

/// <summary>Tables as plain text, the same on a terminal and in a file.</summary>
internal static class TextTables
{
    /// <summary>Wide enough for every table, whatever the terminal.</summary>
    private const int Width = 160;

    /// <summary>
    /// One table for each group, the first column left-aligned and the others right. A note names the caches of the
    /// first column that are limited by count.
    /// </summary>
    public static string Write(string[] columns, IEnumerable<(string Title, IEnumerable<string[]> Rows)> groups)
    {
        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = Width;
        console.Profile.Capabilities.Unicode = true;
        HashSet<string> named = [];
        foreach ((string title, IEnumerable<string[]> rows) in groups)
        {
            console.WriteLine(title);
            var table = new Table { Border = TableBorder.Simple };
            for (int i = 0; i < columns.Length; i++)
            {
                var column = new TableColumn(Markup.Escape(columns[i])) { NoWrap = true };
                table.AddColumn(i == 0 ? column : column.RightAligned());
            }

            foreach (string[] row in rows)
            {
                table.AddRow([.. row.Select(Markup.Escape)]);
                named.Add(row[0]);
            }

            console.Write(table);
        }

        string counted = string.Join(
            ", ", PeerCatalog.All.Where(peer => peer.IsLimitedByCount && named.Contains(peer.Name)));
        if (counted.Length > 0)
        {
            console.WriteLine($"Limited by count, a number of entries instead of bytes: {counted}.");
        }

        return string.Join('\n', text.ToString().Split('\n').Select(static line => line.TrimEnd()))
            .Replace("\n\n\n", "\n\n", StringComparison.Ordinal)
            .Trim('\n') + "\n";
    }
}
