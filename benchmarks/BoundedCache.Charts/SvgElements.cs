using System.Globalization;
using System.Xml;

namespace BoundedCache.Charts;

/// <summary>The few SVG elements that a chart is made of.</summary>
internal sealed class SvgElements(XmlWriter xml)
{
    private const string Namespace = "http://www.w3.org/2000/svg";

    /// <summary>Opens the picture, with its texts for screen readers; the caller ends the element.</summary>
    public void Begin(double width, double height, string title, string description)
    {
        xml.WriteStartElement("svg", Namespace);
        Attribute("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {width:0.#} {height:0.#}"));
        Attribute("width", Number(width));
        Attribute("height", Number(height));
        Attribute("style", "max-width:100%;height:auto");
        Attribute("role", "img");
        Attribute("aria-label", title);
        xml.WriteElementString("title", Namespace, title);
        xml.WriteElementString("desc", Namespace, description);
    }

    public void Style(string css) => xml.WriteElementString("style", Namespace, css);

    public void Rectangle(string style, double x, double y, double width, double height, double radius = 0)
    {
        Start("rect", style);
        Attribute("x", Number(x));
        Attribute("y", Number(y));
        Attribute("width", Number(width));
        Attribute("height", Number(height));
        if (radius > 0)
        {
            Attribute("rx", Number(radius));
        }

        xml.WriteEndElement();
    }

    public void Line(string style, double x1, double y1, double x2, double y2)
    {
        Start("line", style);
        Attribute("x1", Number(x1));
        Attribute("y1", Number(y1));
        Attribute("x2", Number(x2));
        Attribute("y2", Number(y2));
        xml.WriteEndElement();
    }

    public void Circle(string style, double x, double y, double radius)
    {
        Start("circle", style);
        Attribute("cx", Number(x));
        Attribute("cy", Number(y));
        Attribute("r", Number(radius));
        xml.WriteEndElement();
    }

    public void Path(string style, string data)
    {
        if (data.Length > 0)
        {
            Start("path", style);
            Attribute("d", data);
            xml.WriteEndElement();
        }
    }

    public void Text(string style, double x, double baseline, string text, string? anchor = null)
    {
        Start("text", style);
        Attribute("x", Number(x));
        Attribute("y", Number(baseline));
        if (anchor is not null)
        {
            Attribute("text-anchor", anchor);
        }

        xml.WriteString(text);
        xml.WriteEndElement();
    }

    private void Start(string name, string style)
    {
        xml.WriteStartElement(name, Namespace);
        Attribute("class", style);
    }

    private void Attribute(string name, string value) => xml.WriteAttributeString(name, value);

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}

/// <summary>
/// How wide text will be, roughly: SVG without scripts cannot measure, and the reader's font is not known. Generous, so
/// that what is laid out by it does not collide in a wide font.
/// </summary>
internal static class TextWidth
{
    private const double PerCharacter = 0.6;

    /// <summary>The width of <paramref name="text"/> at <paramref name="fontSize"/>, both in user units.</summary>
    public static double Estimate(string text, double fontSize) => text.Length * PerCharacter * fontSize;
}
