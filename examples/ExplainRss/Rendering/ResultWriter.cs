using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace BoundedCache.ExplainRss.Rendering;

/// <summary>Writes results: as text, with a bar on a terminal, or as JSON.</summary>
internal sealed class ResultWriter(TextWriter output, bool isTerminal)
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly Color[] s_colours =
        [
        Color.DodgerBlue1, Color.SpringGreen3, Color.Red1, Color.Orange1, Color.Yellow3, Color.MediumPurple1,
        Color.Grey,
    ];

    public void WriteJson(JsonNode json) => output.WriteLine(json.ToJsonString(s_json));

    public void Write(ExplainResult result)
    {
        output.WriteLine($"== {result.Cause.Name}: {result.Cause.Description}");
        if (isTerminal)
        {
            WriteBar(result.Report);
        }

        output.Write(result.Report.ToText());
        output.WriteLine(
            $"(By another count, {result.Status.Source}, RSS is {ByteSize.Format(result.Status.ResidentBytes)}. "
                + $"Before the cause was built it was {ByteSize.Format(result.Empty.ResidentBytes)}.)");
    }

    private void WriteBar(MemoryReport report)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        BreakdownChart chart = new BreakdownChart().Width(Math.Min(console.Profile.Width, 100)).HideTagValues();
        foreach ((MemoryReportRow row, Color colour) in report.Rows.Zip(s_colours))
        {
            chart.AddItem(Markup.Escape(row.Kind.ToString()), row.Bytes, colour);
        }

        console.Write(chart);
    }
}
