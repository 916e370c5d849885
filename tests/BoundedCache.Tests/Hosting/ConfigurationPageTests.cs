using System.Globalization;
using System.Text.RegularExpressions;
using BoundedCache.Diagnostics;
using BoundedCache.Hosting;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests.Hosting;

/// <summary>
/// CONFIGURATION.md: its code is compiled and run here, its JSON is read, and its tables are compared with the library.
/// </summary>
public sealed partial class ConfigurationPageTests
{
    private static readonly string s_page = File.ReadAllText(
        Path.Combine(SourceTree.FindRoot(), "docs", "CONFIGURATION.md"));

    [Fact]
    public async Task The_main_example_runs_on_the_file_that_the_page_shows()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        using var file = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Assert.Single(Blocks("json"))));
        builder.Configuration.AddJsonStream(file);

        // PAGE begins
        builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));
        builder.Services.AddKeyedBoundedMemoryCache("pages", builder.Configuration.GetSection("PageCache"));
        // PAGE ends
        builder.Services.AddSingleton<PageRenderer>();
        using IHost host = builder.Build();
        await host.StartAsync();
        PageRenderer renderer = host.Services.GetRequiredService<PageRenderer>();
        BoundedMemoryCacheRegistry registry = host.Services.GetRequiredService<BoundedMemoryCacheRegistry>();
        // PAGE begins
        foreach (IBoundedCache cache in registry.Caches)
        {
            Console.WriteLine(
                $"{cache.Name}: {ByteSize.Format(cache.UsedMemory)} of {ByteSize.Format(cache.MaxMemory)}");
        }
        // PAGE ends

        Assert.Equal(["default", "pages"], registry.Names);
        Assert.Equal(
            [ByteSize.ShareOfAvailable(0.25), 64 << 20], registry.Caches.Select(static cache => cache.MaxMemory));
        Assert.Equal<object>(registry.Caches, [renderer.EverythingElse, renderer.Pages]);
        Assert.NotNull(renderer.EverythingElse.GetCurrentStatistics());
        await host.StopAsync();
    }

    [Fact]
    public void Code_and_configuration_work_together_as_the_page_shows()
    {
        IServiceCollection services = new ServiceCollection();
        IConfiguration section = new ConfigurationBuilder().AddInMemoryCollection([new("MaxMemory", "8GB")]).Build();
        // PAGE begins
        services.AddBoundedMemoryCache(options => options.MaxMemory = ByteSize.ShareOfAvailable(0.125));
        // PAGE ends
        using ServiceProvider share = services.BuildServiceProvider();
        Assert.Equal(ByteSize.ShareOfAvailable(0.125), share.GetRequiredService<BoundedMemoryCache>().MaxMemory);

        services.AddKeyedBoundedMemoryCache("pages");
        // PAGE begins
        services.AddBoundedMemoryCache(section, options => options.MaxMemory = Math.Min(options.MaxMemory, 1L << 30));
        services.Configure<BoundedMemoryCacheOptions>("pages", options => options.TrackStatistics = true);
        // PAGE ends
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal(1L << 30, provider.GetRequiredService<BoundedMemoryCache>().MaxMemory);
        Assert.NotNull(provider.GetRequiredKeyedService<BoundedMemoryCache>("pages").GetCurrentStatistics());
    }

    [Fact]
    public void The_page_shows_that_very_code()
    {
        string source = File.ReadAllText(
            Path.Combine(SourceTree.FindRoot(), "tests", "BoundedCache.Tests", "Hosting", "ConfigurationPageTests.cs"));
        IEnumerable<string> compiled = Regions().Matches(source).Select(static match => Squeeze(match.Groups[1].Value));

        Assert.Equal(
            compiled.Order(StringComparer.Ordinal), Blocks("csharp").Select(Squeeze).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_table_of_settings_is_complete_and_has_the_defaults()
    {
        var defaults = new BoundedMemoryCacheOptions();
        List<string[]> rows = Rows("setting");

        Assert.Equal(
            [nameof(defaults.MaxMemory), .. MemoryCacheSettings.All.Select(static setting => setting.Name)],
            rows.Select(static row => Quoted(row[0])[0]));
        Assert.True(ConfiguredLimit.TryParse(Quoted(rows[0][2])[0], out ConfiguredLimit limit));
        Assert.Equal(defaults.MaxMemory, limit.Bytes);
        Assert.All(MemoryCacheSettings.All.Zip(rows.Skip(1)), pair =>
        {
            string text = Quoted(pair.Second[2])[0];
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{pair.First.Get(defaults)}"), text);
            Assert.True(pair.First.TrySet(new BoundedMemoryCacheOptions(), text));
            if (pair.First.Get(defaults) is Enum choice)
            {
                Assert.Equal(Enum.GetNames(choice.GetType()), Quoted(pair.Second[3]));
            }
        });
    }

    [Fact]
    public void The_table_of_sizes_is_true()
    {
        foreach (string[] row in Rows("text"))
        {
            Assert.True(ConfiguredLimit.TryParse(Quoted(row[0])[0], out ConfiguredLimit limit));
            string expected = row[1].StartsWith("a share", StringComparison.Ordinal)
                ? row[1]
                : string.Create(CultureInfo.InvariantCulture, $"{limit.Bytes:N0} bytes");
            Assert.Equal(expected, row[1]);
        }
    }

    [Fact]
    public void The_table_of_events_is_true() => Assert.Equal(
        typeof(Log).GetMethods()
            .SelectMany(static method => method.GetCustomAttributes(typeof(LoggerMessageAttribute), false))
            .Cast<LoggerMessageAttribute>()
            .Where(static message => message.EventId is >= 20 and < 30)
            .Select(static message => $"{message.EventId} {message.EventName} {message.Level}"),
        Rows("event").Select(static row => $"{row[0]} {Quoted(row[1])[0]} {row[2]}"));

    [Fact]
    public void The_page_quotes_the_delay() => Assert.Equal(TimeSpan.FromSeconds(0.5), ConfigurationReload.Delay);

    private static List<string[]> Rows(string firstHeading) =>
    [
        .. s_page.Split('\n')
            .SkipWhile(line => !line.StartsWith($"| {firstHeading} |", StringComparison.Ordinal))
            .Skip(2)
            .TakeWhile(static line => line.StartsWith('|'))
            .Select(static line => line.Trim('|', '\r').Split('|', StringSplitOptions.TrimEntries)),
    ];

    private static string[] Quoted(string cell) =>
        [.. Quotes().Matches(cell).Select(static match => match.Groups[1].Value)];

    private static IEnumerable<string> Blocks(string language) =>
        Regex.Matches(s_page, $"^```{language}\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)
            .Select(static match => match.Groups[1].Value);

    private static string Squeeze(string text) =>
        string.Join('\n', text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    [GeneratedRegex("^ *// PAGE begins$(.*?)^ *// PAGE ends$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Regions();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quotes();

    // PAGE begins
    public sealed class PageRenderer([FromKeyedServices("pages")] IMemoryCache pages, IMemoryCache everythingElse)
    // PAGE ends
    {
        public BoundedMemoryCache Pages => (BoundedMemoryCache)pages;

        public BoundedMemoryCache EverythingElse => (BoundedMemoryCache)everythingElse;
    }
}
