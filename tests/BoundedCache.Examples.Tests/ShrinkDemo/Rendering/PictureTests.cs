using System.Xml.Linq;
using BoundedCache.Charts;
using BoundedCache.Examples.Tests.ShrinkDemo.Support;
using BoundedCache.ShrinkDemo;
using BoundedCache.ShrinkDemo.Rendering;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Rendering;

public class PictureTests
{
    [Fact]
    public void One_run_is_drawn() =>
        Snapshot.Verify(Checked(SvgChartWriter.Write(StoryChart.Create(SampleResults.BoundedCache()))));

    [Fact]
    public void Two_runs_are_drawn_below_one_another() =>
        Snapshot.Verify(Checked(SvgChartWriter.Write(StoryChart.Create(SampleResults.Comparison()))));

    [Fact]
    public void The_page_shows_picture_table_verdict_and_report() =>
        Snapshot.Verify(HtmlReport.Write(SampleResults.BoundedCache()));

    [Fact]
    public void The_page_of_a_comparison_shows_both() => Snapshot.Verify(HtmlReport.Write(SampleResults.Comparison()));

    [Fact]
    public void Files_are_written_all_together_and_leave_no_others()
    {
        using var directory = new TemporaryDirectory();
        string pictures = directory.PathOf("new/pictures");

        IReadOnlyList<string> written = PictureFiles.Write(pictures, SampleResults.BoundedCache());

        Assert.Equal([Path.Combine(pictures, "shrinkdemo.svg"), Path.Combine(pictures, "shrinkdemo.html")], written);
        Assert.Equal(written.Order(), Directory.GetFiles(pictures).Order());
    }

    [Fact]
    public void Files_that_cannot_be_written_leave_none()
    {
        using var directory = new TemporaryDirectory();
        string pictures = directory.PathOf("pictures");
        Directory.CreateDirectory(Path.Combine(pictures, "shrinkdemo.svg"));

        DemoException failure = Assert.Throws<DemoException>(
            () => PictureFiles.Write(pictures, SampleResults.BoundedCache()));

        Assert.Contains("cannot be written", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(pictures));
    }

    /// <summary>The picture, once it is known to be well-formed, self-contained and described.</summary>
    private static string Checked(string svg)
    {
        XNamespace ns = "http://www.w3.org/2000/svg";
        XElement root = XDocument.Parse(svg).Root!;

        Assert.Equal(ns + "svg", root.Name);
        Assert.All(root.DescendantsAndSelf(), element => Assert.Equal(ns, element.Name.Namespace));
        Assert.NotEmpty(root.Element(ns + "title")!.Value);
        Assert.NotEmpty(root.Element(ns + "desc")!.Value);
        Assert.Empty(root.Descendants(ns + "script"));
        Assert.DoesNotContain(root.DescendantsAndSelf().Attributes(), a =>
            a.Name.LocalName is "href" or "src" || a.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        Assert.Contains("prefers-color-scheme: dark", root.Element(ns + "style")!.Value, StringComparison.Ordinal);
        return svg;
    }
}
