using System.Globalization;
using System.Text;
using Spectre.Console;

namespace BoundedCache.LoadRuns.Rendering;

/// <summary>Tables and lines as text: the same for a terminal and for a file.</summary>
internal sealed class TextReport
{
    private const int Width = 200;

    private readonly StringBuilder _text = new();
    private readonly IAnsiConsole _console;

    public TextReport()
    {
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(new StringWriter(_text, CultureInfo.InvariantCulture)),
        });
        _console.Profile.Width = Width;
        _console.Profile.Capabilities.Unicode = false;
    }

    public void Line(string text) => _text.Append(text).Append('\n');

    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = TableBorder.Ascii2 };
        for (int i = 0; i < columns.Count; i++)
        {
            var column = new TableColumn(Markup.Escape(columns[i]));
            table.AddColumn(i == 0 ? column : column.RightAligned());
        }

        foreach (IReadOnlyList<string> row in rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        _console.Write(table);
    }

    /// <summary>The text, without the blanks that tables leave at the ends of lines.</summary>
    public override string ToString() =>
        string.Join('\n', _text.ToString().Split('\n').Select(static line => line.TrimEnd())).TrimEnd() + "\n";
}
