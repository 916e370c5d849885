using System.Text;
using System.Xml;

namespace BoundedCache.Charts;

/// <summary>
/// Writes a <see cref="BarFigure"/> as one self-contained SVG element, in the manner of <see cref="SvgChartWriter"/>.
/// </summary>
public static class SvgBarWriter
{
    private const double NameWidth = 170;
    private const double TextRoom = 150;
    private const double BarHeight = 14;
    private const double RowHeight = 20;
    private const double LabelHeight = 26;

    /// <summary>The picture as text.</summary>
    /// <param name="figure">What to draw.</param>
    /// <returns>An <c>svg</c> element without an XML declaration, ending in a line feed.</returns>
    public static string Write(BarFigure figure)
    {
        ArgumentNullException.ThrowIfNull(figure);
        List<string> names =
            [.. figure.Groups.SelectMany(static group => group.Bars).Select(static bar => bar.Name).Distinct()];
        double largest =
            figure.Groups.SelectMany(static group => group.Bars).Select(static bar => bar.Value).DefaultIfEmpty().Max();
        double top = FigureLayout.TitleBaseline + (figure.Subtitle is null ? 12 : 32);
        double height = top + figure.Groups.Sum(static group => LabelHeight + (group.Bars.Count * RowHeight)) + 16;
        var text = new StringBuilder();
        var settings =
            new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true, IndentChars = " ", NewLineChars = "\n" };
        using (var xml = XmlWriter.Create(text, settings))
        {
            var svg = new SvgElements(xml);
            svg.Begin(FigureLayout.Width, height, figure.Title, figure.Description);
            svg.Style(ChartTheme.Css);
            svg.Rectangle("paper", 0.5, 0.5, FigureLayout.Width - 1, height - 1, radius: 8);
            svg.Text("title ink", FigureLayout.Padding, FigureLayout.TitleBaseline, figure.Title);
            if (figure.Subtitle is not null)
            {
                svg.Text("muted", FigureLayout.Padding, FigureLayout.TitleBaseline + 20, figure.Subtitle);
            }

            foreach (BarGroup group in figure.Groups)
            {
                WriteGroup(svg, group, names, largest, top);
                top += LabelHeight + (group.Bars.Count * RowHeight);
            }

            xml.WriteEndElement();
        }

        return text.Append('\n').ToString();
    }

    private static void WriteGroup(SvgElements svg, BarGroup group, List<string> names, double largest, double top)
    {
        const double left = FigureLayout.Padding + NameWidth;
        const double room = FigureLayout.Width - FigureLayout.Padding - TextRoom - left;
        svg.Text("heading ink", FigureLayout.Padding, top + 18, group.Label);
        double y = top + LabelHeight;
        svg.Line("axis", left, y, left, y + (group.Bars.Count * RowHeight) - (RowHeight - BarHeight));
        foreach (Bar bar in group.Bars)
        {
            double width = largest <= 0 ? 0 : Math.Max(0, bar.Value) / largest * room;
            svg.Text("ink", left - 8, y + 11, bar.Name, "end");
            svg.Rectangle(
                $"f{names.IndexOf(bar.Name) % ChartTheme.SeriesColours}", left, y, width, BarHeight, radius: 2);
            svg.Text("muted", left + width + 6, y + 11, bar.Text);
            y += RowHeight;
        }
    }
}

/// <summary>One picture of horizontal bars in groups, all on one scale from zero: the longer, the more.</summary>
public sealed record BarFigure
{
    /// <summary>What the picture shows, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>Under which conditions, on the line below the title; null for none.</summary>
    public string? Subtitle { get; init; }

    /// <summary>What the picture says, for those who cannot see it.</summary>
    public required string Description { get; init; }

    /// <summary>The groups from top to bottom.</summary>
    public required IReadOnlyList<BarGroup> Groups { get; init; }
}

/// <summary>Bars that belong together.</summary>
/// <param name="Label">The line above them.</param>
/// <param name="Bars">From top to bottom.</param>
public sealed record BarGroup(string Label, IReadOnlyList<Bar> Bars);

/// <summary>One bar.</summary>
/// <param name="Name">Whose it is; bars of one name have one colour in all groups.</param>
/// <param name="Value">Its length; negative ones are drawn as zero.</param>
/// <param name="Text">The value in words, behind the bar.</param>
public sealed record Bar(string Name, double Value, string Text);
