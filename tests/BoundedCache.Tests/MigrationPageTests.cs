using System.Text.RegularExpressions;
using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Tests;

/// <summary>
/// MIGRATION.md: its code is compiled and run here, and its tables are compared with both caches.
/// </summary>
public sealed partial class MigrationPageTests
{
    private static readonly string s_page = File.ReadAllText(
        Path.Combine(SourceTree.FindRoot(), "docs", "MIGRATION.md"));

    [Fact]
    public void One_line_changes()
    {
        IServiceCollection services = new ServiceCollection();
        services.AddMemoryCache();
        // PAGE begins
        // Was: services.AddMemoryCache(); the limit is bytes.
        services.AddBoundedMemoryCache(options => options.MaxMemory = 512 << 20);
        // PAGE ends
        services.AddMemoryCache();
        using ServiceProvider provider = services.BuildServiceProvider();

        Assert.Equal(
            512 << 20, Assert.IsType<BoundedMemoryCache>(provider.GetRequiredService<IMemoryCache>()).MaxMemory);
    }

    [Fact]
    public void Units_can_be_kept()
    {
        IServiceCollection services = new ServiceCollection();
        // PAGE begins
        services.AddBoundedMemoryCache(options =>
        {
            options.MaxMemory = 10_000;              // units, as SizeLimit was
            options.Sizing = EntrySizing.Declared;
        });
        // PAGE ends
        using ServiceProvider provider = services.BuildServiceProvider();
        BoundedMemoryCache cache = provider.GetRequiredService<BoundedMemoryCache>();
        cache.Set("large", new byte[20_000], new MemoryCacheEntryOptions { Size = 3 });

        Assert.Equal(3, cache.UsedMemory);
        Assert.Throws<InvalidOperationException>(() => cache.Set("no size", 1));
        InvariantChecker.Check(cache.Engine);
    }

    [Fact]
    public async Task An_old_number_of_units_is_no_number_of_bytes()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 10_000 });
        var told = new TaskCompletionSource<EvictionReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new MemoryCacheEntryOptions { Size = 1 };
        options.RegisterPostEvictionCallback((_, _, reason, _) => told.SetResult(reason));
        cache.Set("page", new byte[20_000], options);

        Assert.Equal(EvictionReason.Capacity, await told.Task.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public async Task The_code_for_other_caches_runs()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { ReleaseMode = ReleaseMode.None });
        int id = 42;
        Assert.Equal(new User(42), Typed());
        Assert.Equal(new User(42), cache.Get(("user", 42)));

        User Typed()
        {
            // PAGE begins
            User user = cache.GetOrCreate(("user", id), entry => LoadUser(id))!;
            // PAGE ends
            return user;
        }

        // PAGE begins
        User user = (await cache.GetOrCreateAsync($"user:{id}", entry =>
        {
            entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(5);   // was: SET … EX 300
            return LoadUserAsync(id);
        }))!;

        ShrinkReport report = await cache.SetMaxMemoryAsync(100 << 20);        // was: CONFIG SET maxmemory 100mb
        // PAGE ends
        Assert.Same(user, cache.Get("user:42"));
        Assert.Equal(100 << 20, report.NewMaxMemory);
    }

    [Fact]
    public void The_page_shows_that_very_code()
    {
        string source = File.ReadAllText(
            Path.Combine(SourceTree.FindRoot(), "tests", "BoundedCache.Tests", "MigrationPageTests.cs"));
        IEnumerable<string> compiled = Regions().Matches(source).Select(static match => Squeeze(match.Groups[1].Value));

        Assert.Equal(compiled, Blocks().Matches(s_page).Select(static match => Squeeze(match.Groups[1].Value)));
    }

    [Fact]
    public void The_table_of_options_has_all_of_theirs_and_names_ours()
    {
        List<string[]> rows = Rows("`MemoryCacheOptions`");

        Assert.Equal(
            typeof(MemoryCacheOptions).GetProperties()
                .Select(static property => property.Name)
                .Order(StringComparer.Ordinal),
            rows.Select(static row => row[0].Trim('`')).Order(StringComparer.Ordinal));
        Assert.All(rows.Where(static row => row[1] != "none"), static row =>
            Assert.NotNull(typeof(BoundedMemoryCacheOptions).GetProperty(row[1].Trim('`'))));
    }

    [Theory]
    [InlineData(nameof(MemoryCacheOptions.ExpirationScanFrequency))]
    [InlineData(nameof(MemoryCacheOptions.TrackStatistics))]
    [InlineData(nameof(MemoryCacheOptions.TrackLinkedCacheEntries))]
    public void An_option_of_the_same_name_has_the_same_default(string name) => Assert.Equal(
        typeof(MemoryCacheOptions).GetProperty(name)!.GetValue(new MemoryCacheOptions()),
        typeof(BoundedMemoryCacheOptions).GetProperty(name)!.GetValue(new BoundedMemoryCacheOptions()));

    [Theory]
    [InlineData(nameof(MemoryCache.Count))]
    [InlineData(nameof(MemoryCache.Keys))]
    [InlineData(nameof(MemoryCache.Clear))]
    [InlineData(nameof(MemoryCache.Compact))]
    public void A_member_of_the_class_has_the_same_name(string name)
    {
        Assert.Contains(
            $"`{name}`",
            Rows("before").Single(static row => row[0].StartsWith("`(MemoryCache)cache`", StringComparison.Ordinal))[0],
            StringComparison.Ordinal);
        Assert.NotEmpty(typeof(BoundedMemoryCache).GetMember(name));
    }

    [Fact]
    public void An_object_in_many_entries_is_charged_to_each()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 1 << 20 });
        var shared = new User[10_000];
        cache.Set("first", new[] { shared });
        long one = cache.UsedMemory;
        cache.Set("other", new[] { shared });

        Assert.Equal(2 * one, cache.UsedMemory);
        InvariantChecker.Check(cache.Engine);
    }

    [Fact]
    public void A_declared_size_is_a_floor()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 1 << 20 });
        cache.Set("key", new byte[1000]);
        long measured = cache.UsedMemory;
        cache.Set("key", new byte[1000], new MemoryCacheEntryOptions { Size = 1 });
        Assert.Equal(measured, cache.UsedMemory);
        cache.Set("key", new byte[1000], new MemoryCacheEntryOptions { Size = 100_000 });

        Assert.InRange(cache.UsedMemory, 100_000, 101_000);
        InvariantChecker.Check(cache.Engine);
    }

    private static User LoadUser(int id) => new(id);

    private static Task<User> LoadUserAsync(int id) => Task.FromResult(new User(id));

    private static List<string[]> Rows(string firstHeading) =>
    [
        .. s_page.Split('\n')
            .SkipWhile(line => !line.StartsWith($"| {firstHeading} |", StringComparison.Ordinal))
            .Skip(2)
            .TakeWhile(static line => line.StartsWith('|'))
            .Select(static line => line.Trim('|', '\r').Split('|', StringSplitOptions.TrimEntries)),
    ];

    private static string Squeeze(string text) =>
        string.Join('\n', text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    [GeneratedRegex("^ *// PAGE begins$(.*?)^ *// PAGE ends$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Regions();

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Blocks();

    private sealed record User(int Id);
}
