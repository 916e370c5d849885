using System.Text;
using System.Xml;

namespace BoundedCache.Charts;

/// <summary>
/// Writes a figure as one self-contained SVG element: no scripts, no external references, a title and a description for
/// screen readers, light or dark as the reader's system is. It can stand in a file, in an image tag or inside HTML.
/// </summary>
public static class SvgChartWriter
{
    /// <summary>The picture as text.</summary>
    /// <param name="figure">What to draw.</param>
    /// <returns>An <c>svg</c> element without an XML declaration, ending in a line feed.</returns>
    public static string Write(ChartFigure figure)
    {
        ArgumentNullException.ThrowIfNull(figure);
        var layout = FigureLayout.For(figure);
        var text = new StringBuilder();
        var settings =
            new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true, IndentChars = " ", NewLineChars = "\n" };
        using (var xml = XmlWriter.Create(text, settings))
        {
            var svg = new SvgElements(xml);
            svg.Begin(FigureLayout.Width, layout.Height, figure.Title, figure.Description);
            svg.Style(ChartTheme.Css);
            svg.Rectangle("paper", 0.5, 0.5, FigureLayout.Width - 1, layout.Height - 1, radius: 8);
            WriteHeader(svg, figure, layout);
            foreach (PanelLayout panel in layout.Panels)
            {
                PanelWriter.Write(svg, panel, layout.Colours);
            }

            xml.WriteEndElement();
        }

        return text.Append('\n').ToString();
    }

    private static void WriteHeader(SvgElements svg, ChartFigure figure, FigureLayout layout)
    {
        svg.Text("title ink", FigureLayout.Padding, FigureLayout.TitleBaseline, figure.Title);
        if (figure.Subtitle is not null)
        {
            svg.Text("muted", FigureLayout.Padding, layout.SubtitleBaseline, figure.Subtitle);
        }

        foreach (LegendItem item in layout.Legend)
        {
            SeriesWriter.WriteSample(svg, item.Series, layout.Colours, item.X, item.Baseline - 4);
            svg.Text("ink", item.X + LegendItem.SampleWidth + 7, item.Baseline, item.Series.Name);
        }
    }
}
