using BoundedCache.Charts;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Results;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>The page that shows a run's picture with its table, verdict and reports.</summary>
internal static class HtmlReport
{
    private const int ResidentColumn = 5;

    private static readonly string[] s_headings =
        ["stage", "entries", "cache", "live heap", "committed", "RSS", "time", "GC pause"];

    public static string Write(DemoResult result)
    {
        ChartFigure figure = StoryChart.Create(result);
        var page = new HtmlPage(figure.Title);
        page.Paragraph($"{result.Setup.Workload}; {result.Environment}", "muted");
        WriteVerdict(page, result.Verdict, result.Faults.Count == 0 && result.Promises.All(promise => promise.Kept));
        page.Raw(SvgChartWriter.Write(figure));
        page.Heading("The stages");
        WriteStages(page, result);
        WriteReports(page, result);
        return page.ToString();
    }

    public static string Write(ComparisonResult result)
    {
        ChartFigure figure = StoryChart.Create(result);
        var page = new HtmlPage(figure.Title);
        page.Paragraph($"{result.BoundedCache.Setup.Workload}; {result.BoundedCache.Environment}", "muted");
        WriteVerdict(page, result.Verdict, good: result.BoundedCache.Faults.Count == 0);
        page.Raw(SvgChartWriter.Write(figure));
        foreach (DemoResult one in (DemoResult[])[result.BoundedCache, result.MemoryCache])
        {
            page.Heading(one.Setup.Cache.DisplayName());
            page.Paragraph(one.Verdict);
            WriteStages(page, one);
            WriteReports(page, one);
        }

        return page.ToString();
    }

    private static void WriteVerdict(HtmlPage page, string verdict, bool good) =>
        page.Paragraph(verdict, good ? "verdict" : "verdict bad");

    private static void WriteStages(HtmlPage page, DemoResult result)
    {
        page.Table(
            caption: null,
            s_headings,
            result.Stages.Select(stage => (IReadOnlyList<string>)
            [
                $"{stage.Number} {stage.Label}",
                Figures.Count(stage.Entries),
                ByteSize.Format(stage.CacheBytes),
                ByteSize.Format(stage.LiveBytes),
                ByteSize.Format(stage.CommittedBytes),
                ByteSize.Format(stage.ResidentBytes),
                Figures.Time(stage.Elapsed),
                Figures.Time(stage.GcPause),
            ]),
            ResidentColumn);
        page.Paragraph(ResultNotes.HowToRead(result.Setup), "muted");
        page.List(ResultNotes.Create(result));
    }

    private static void WriteReports(HtmlPage page, DemoResult result)
    {
        if (result.Reports.Count > 0)
        {
            page.Heading("ShrinkReports");
            page.List(result.Reports.Select(
                report => string.Join(' ', [$"Stage {report.Stage}: {report.Text}", .. report.Advice])));
        }

        page.Heading("MemoryReport after the last stage");
        page.Raw("<pre class=\"wide\">");
        page.Text(result.Memory.ToText());
        page.Raw("</pre>\n");
    }
}
