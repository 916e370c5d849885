using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace BoundedCache.AspNetCore.Pages;

/// <summary>The page and its files. Browsers cache them, and ask each time whether they have changed.</summary>
internal sealed class PageEndpoints
{
    private const string Index = "index.html";
    private readonly Lazy<PageFiles> _files = new(static () => new PageFiles());

    public Results<FileContentHttpResult, RedirectHttpResult, Problem> GetPage(HttpContext context)
    {
        // The page's links to its files and to the API are relative. The redirect is relative as well: a proxy may have
        // removed the beginning of the path.
        string path = context.Request.PathBase.Add(context.Request.Path).ToUriComponent();
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

/// <summary>
/// The files of the page, which are embedded in the assembly: everything under <c>Page/</c>. Read once, at first use.
/// </summary>
internal sealed class PageFiles
{
    private const string Root = "Page/";
    private readonly Dictionary<string, PageFile> _files;

    public PageFiles()
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        var types = new FileExtensionContentTypeProvider();
        _files = assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(Root, StringComparison.Ordinal))
            .ToDictionary(
                static name => name[Root.Length..], name => Read(assembly, name, types), StringComparer.Ordinal);
    }

    public bool TryGet(string path, [MaybeNullWhen(false)] out PageFile file) => _files.TryGetValue(path, out file);

    private static PageFile Read(Assembly assembly, string name, FileExtensionContentTypeProvider types)
    {
        using Stream stream = assembly.GetManifestResourceStream(name)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        string type = types.TryGetContentType(name, out string? known) ? known : "text/plain";
        string suffix = type.StartsWith("text/", StringComparison.Ordinal) ? "; charset=utf-8" : "";
        return new PageFile(
            content,
            type + suffix,
            new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..32]}\""));
    }
}

/// <summary>One file: its bytes, its media type, and a tag that changes with its bytes.</summary>
internal sealed record PageFile(byte[] Content, string ContentType, EntityTagHeaderValue Tag);
