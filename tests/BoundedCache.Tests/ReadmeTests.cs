using System.Text;
using System.Text.RegularExpressions;
using BoundedCache.Process;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BoundedCache.Tests;

/// <summary>The README: its code is compiled and run here, its numbers are compared with the library's.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string s_readme = File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "README.md"));

    [Fact]
    public async Task The_code_in_the_README_runs_and_does_what_it_says()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(Json().Match(s_readme).Groups[1].Value));
        builder.Configuration.AddJsonStream(file);
        // README begins
        // In Program.cs, instead of AddMemoryCache(). Needs using BoundedCache and Microsoft.Extensions.Caching.Memory.
        builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));

        // README pauses
        using IHost host = builder.Build();
        IMemoryCache memoryCache = host.Services.GetRequiredService<IMemoryCache>();
        BoundedMemoryCache boundedCache = host.Services.GetRequiredService<BoundedMemoryCache>();
        Assert.Equal(512 << 20, boundedCache.MaxMemory);
        // README goes on
        // Classes ask for IMemoryCache as before. Sizes need not be declared.
        byte[] page = memoryCache.GetOrCreate("page:42", entry => RenderPage(42))!;

        // The same cache, as BoundedMemoryCache. Evicts, gives memory back to the operating system, and reports.
        ShrinkReport report = await boundedCache.SetMaxMemoryAsync(100 << 20);
        // README ends
        Assert.Same(page, boundedCache.Get("page:42"));
        Assert.Equal(100 << 20, report.NewMaxMemory);
    }

    [Fact]
    public void The_README_shows_that_very_code()
    {
        string source = File.ReadAllText(
            Path.Combine(SourceTree.FindRoot(), "tests", "BoundedCache.Tests", "ReadmeTests.cs"));
        string code = source.Split("// README begins")[1].Split("// README ends")[0];
        code = string.Concat(code.Split("// README pauses")
            .Select(static (part, i) => i == 0 ? part : part.Split("// README goes on")[1]));

        Assert.Contains(Squeezed(code), Squeezed(s_readme), StringComparison.Ordinal);
    }

    [Fact]
    public void The_limits_for_containers_are_those_that_the_library_calls_fitting()
    {
        string[] containers = Cells("container");
        string[] limits = Cells("largest `MaxMemory`");

        Assert.Equal(6, containers.Length);
        Assert.Equal(
            containers.Select(static size => ByteSize.Parse(size) / 4 * 3)
                .Select(static heap => $"{HeapRoom.FittingOf(heap) >> 20} MiB"),
            limits);
    }

    [Fact]
    public void Its_figures_are_those_of_the_pages_on_benchmarks()
    {
        string pages = string.Concat(((IEnumerable<string>)["README.md", "LOAD.md"]).Select(static page =>
            File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "benchmarks", page))));
        string[][] rows =
        [
            .. s_readme.Split('\n')
                .SkipWhile(static line => !line.EndsWith("| measured by |", StringComparison.Ordinal))
                .Skip(2)
                .TakeWhile(static line => line.StartsWith('|'))
                .Select(static line => line.Split('|', StringSplitOptions.TrimEntries)),
        ];

        Assert.Equal(6, rows.Length);
        Assert.All(
            rows.SelectMany(static row => Number().Matches($"{row[2]} {row[3]}")),
            match => Assert.Matches(PatternOf(match.Groups[1].Value, match.Groups[2].Value), pages));
    }

    /// <summary>A number with its unit; of MiB there are also tables that have the unit above.</summary>
    private static string PatternOf(string number, string unit) =>
        $@"(?<![\d.,]){Regex.Escape(number)}(?![\d]|[.,]\d)"
            + (unit == "MiB" ? @" (?:MiB|\|)" : unit.Length > 0 ? $" {unit}" : "");

    private static string[] Cells(string firstCell) => s_readme.Split('\n')
        .Single(line => line.StartsWith($"| {firstCell} |", StringComparison.Ordinal))
        .Trim('|', '\r')
        .Split('|', StringSplitOptions.TrimEntries)[1..];

    private static byte[] RenderPage(int number) => new byte[number];

    private static string Squeezed(string text) =>
        string.Join('\n', text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    [GeneratedRegex("^```json\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Json();

    [GeneratedRegex(@"(\d+(?:[.,]\d+)*)(?: (MiB|ms|×|%))?")]
    private static partial Regex Number();
}
