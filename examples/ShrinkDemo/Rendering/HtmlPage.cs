using System.Net;
using System.Text;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>A self-contained page: no scripts, no external files, light or dark as the reader's system is.</summary>
internal sealed class HtmlPage(string title)
{
    private const string Css = """
        :root { color-scheme: light dark; }
        body {
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", Arial, sans-serif;
          max-width: 920px; margin: 2rem auto; padding: 0 1rem; color: #1f2328; background: #fff;
        }
        h1 { font-size: 1.4rem; margin-bottom: .2rem; }
        h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
        p.muted { color: #59636e; font-size: .9em; }
        .verdict { font-weight: 600; font-size: 1.05rem; border-left: 4px solid #1a7f37; padding: .3rem .9rem; }
        .verdict.bad { border-color: #cf222e; }
        .wide { overflow-x: auto; }
        svg { display: block; margin: 1rem 0; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
        caption { text-align: left; }
        th, td { padding: .3rem .6rem; border-bottom: 1px solid #d1d9e0; text-align: right; white-space: nowrap; }
        th:first-child, td:first-child { text-align: left; }
        td.main { font-weight: 600; }
        code { overflow-wrap: anywhere; }
        @media (prefers-color-scheme: dark) {
          body { color: #f0f6fc; background: #0d1117; }
          p.muted { color: #9198a1; }
          th, td { border-color: #3d444d; }
        }
        """;

    private readonly StringBuilder _body = new();

    public void Heading(string text) => Element("h2", text);

    public void Paragraph(string text, string? style = null) => Element("p", text, style);

    public void List(IEnumerable<string> items)
    {
        _body.Append("<ul>\n");
        foreach (string item in items)
        {
            Element("li", item);
        }

        _body.Append("</ul>\n");
    }

    /// <summary>Adds text, without its own element.</summary>
    public void Text(string text) => _body.Append(Encode(text));

    /// <summary>Adds markup unchanged.</summary>
    public void Raw(string markup) => _body.Append(markup);

    /// <param name="caption">What the table shows; null if the heading above says it.</param>
    /// <param name="headings">The columns' names.</param>
    /// <param name="rows">The cells: in each row as many as there are headings.</param>
    /// <param name="mainColumn">The most important column.</param>
    public void Table(
        string? caption, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows, int mainColumn)
    {
        _body.Append("<div class=\"wide\"><table>\n");
        if (caption is not null)
        {
            Element("caption", caption);
        }

        _body.Append("<thead><tr>")
            .AppendJoin(string.Empty, headings.Select(h => $"<th scope=\"col\">{Encode(h)}</th>"))
            .Append("</tr></thead>\n<tbody>\n");
        foreach (IReadOnlyList<string> row in rows)
        {
            _body.Append("<tr>");
            _body.AppendJoin(string.Empty, row.Select((cell, i) =>
                $"<td{(i == mainColumn ? " class=\"main\"" : string.Empty)}>{Encode(cell)}</td>"));
            _body.Append("</tr>\n");
        }

        _body.Append("</tbody></table></div>\n");
    }

    public override string ToString() =>
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        + $"<title>{Encode(title)}</title>\n<style>\n{Css}\n</style>\n</head>\n<body>\n<h1>{Encode(title)}</h1>\n"
        + $"{_body}</body>\n</html>\n";

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private void Element(string name, string text, string? style = null) =>
        _body.Append('<').Append(name).Append(style is null ? string.Empty : $" class=\"{style}\"").Append('>')
            .Append(Encode(text)).Append("</").Append(name).Append(">\n");
}
