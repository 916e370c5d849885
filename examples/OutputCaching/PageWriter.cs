using System.Globalization;
using System.Net;
using System.Text;

namespace BoundedCache.OutputCaching;

/// <summary>Renders made-up pages of about 20 KB. Each names its number, so that one sees whether it is new.</summary>
internal sealed class PageWriter
{
    private const int Lines = 200;

    private int _rendered;

    /// <summary>A page, which says the how many-th it is that this process rendered.</summary>
    /// <param name="id">Which page.</param>
    /// <param name="language">Its language.</param>
    public string Render(int id, string language)
    {
        int number = Interlocked.Increment(ref _rendered);
        string lang = WebUtility.HtmlEncode(language);
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"{lang}\"><title>Page {id}</title>\n");
        page.Append(CultureInfo.InvariantCulture, $"<h1>Page {id}, {lang}</h1>\n<p>Rendered as number {number}.</p>\n");
        for (int i = 0; i < Lines; i++)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p>Line {i} of page {id}: ");
            page.Append("this text stands here so that the page has a size as pages have it.</p>\n");
        }

        return page.Append("</html>\n").ToString();
    }
}
