using BoundedCache.TestSupport;

namespace BoundedCache.Browser.Tests.Support;

/// <summary>ADMIN.md, whose configurations of proxies are tested as they stand there.</summary>
internal static class AdminDocument
{
    public static string Text { get; } = File.ReadAllText(
        Path.Combine(SourceTree.FindRoot(), "docs", "ADMIN.md"));
}
