using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace BoundedCache.AspNetCore.Pages;

/// <summary>
/// The files of the page, which the assembly carries: everything under <c>Page/</c>. Read once, when first asked for.
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
        using System.IO.Stream stream = assembly.GetManifestResourceStream(name)!;
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

/// <summary>One file: its bytes, its type, and a tag that changes with them.</summary>
internal sealed record PageFile(byte[] Content, string ContentType, EntityTagHeaderValue Tag);
