using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BoundedCache.AspNetCore.Pages;

/// <summary>The page and its files. Browsers keep them, and ask each time whether they have changed.</summary>
internal sealed class PageEndpoints
{
    private const string Index = "index.html";
    private readonly Lazy<PageFiles> _files = new(static () => new PageFiles());

    public Results<FileContentHttpResult, RedirectHttpResult, Problem> GetPage(HttpContext context)
    {
        // The page names its files and the API relative to itself. The redirect is relative as well: a proxy may have
        // taken away the beginning of the path.
        string path = context.Request.Path.ToUriComponent();
        return path.EndsWith('/') || path.Length == 0
            ? Send(context, Index)
            : TypedResults.Redirect(
                $"./{path[(path.LastIndexOf('/') + 1)..]}/{context.Request.QueryString.ToUriComponent()}");
    }

    public Results<FileContentHttpResult, Problem> GetAsset(string? file, HttpContext context) =>
        file is not (null or Index) && _files.Value.TryGet(file, out PageFile? found)
            ? Send(context, found)
            : Problems.Create(
                StatusCodes.Status404NotFound, $"The page has no file '{Problems.Echo(file ?? "")}'.", "No such file");

    private Results<FileContentHttpResult, RedirectHttpResult, Problem> Send(HttpContext context, string file) =>
        _files.Value.TryGet(file, out PageFile? found)
            ? Send(context, found)
            : Problems.Create(
                StatusCodes.Status404NotFound,
                "This build of the package has no page. The API is under api/caches.",
                "No page");

    private static FileContentHttpResult Send(HttpContext context, PageFile file)
    {
        context.Response.Headers.CacheControl = "private, no-cache";
        return TypedResults.Bytes(file.Content, file.ContentType, entityTag: file.Tag);
    }
}
