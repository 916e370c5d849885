using BoundedCache.TestSupport;

namespace BoundedCache.Tests;

/// <summary>The README's code, compiled and run.</summary>
public class ReadmeTests
{
    [Fact]
    public async Task The_code_in_the_README_runs_and_does_what_it_says()
    {
        // README begins
        // Sizes are bytes.
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 1L << 30 });

        // IMemoryCache as usual; no sizes to declare.
        byte[] page = cache.GetOrCreate("page:42", entry => RenderPage(42))!;
        // A lookup that makes no string.
        bool found = cache.TryGetValue("page:42".AsSpan(), out object? value);

        // Evicts, collects, gives memory back to the operating system, then answers.
        ShrinkReport report = await cache.SetMaxMemoryAsync(100 << 20);

        // default: limit 1 GiB -> 100 MiB; evicted 842,508 entries …; RSS 1.3 GiB -> 148 MiB, …; Released …
        Console.WriteLine(report);
        // README ends
        Assert.True(found);
        Assert.Same(page, value);
        Assert.Equal(100 << 20, report.NewMaxMemory);
    }

    [Fact]
    public void The_README_shows_that_very_code()
    {
        string source = File.ReadAllText(
            Path.Combine(SourceTree.FindRoot(), "tests", "BoundedCache.Tests", "ReadmeTests.cs"));
        string code = source.Split("// README begins")[1].Split("// README ends")[0];
        string readme = File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "README.md"));

        Assert.Contains(Squeezed(code), Squeezed(readme), StringComparison.Ordinal);
    }

    private static byte[] RenderPage(int number) => new byte[number];

    private static string Squeezed(string text) =>
        string.Join('\n', text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));
}
