using BoundedCache.Hosting;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BoundedCache.Tests.Hosting;

/// <summary>A generic host, as applications use it, with settings in a file that changes while it runs.</summary>
public sealed class HostTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("boundedcache-").FullName;
    private readonly RecordingLog _log = new();

    [Fact]
    public async Task A_running_service_follows_the_file()
    {
        Write("""{ "Cache": { "MaxMemory": "64MB", "ReleaseMode": "None" }, "Pages": { "MaxMemory": "1%" } }""");
        HostApplicationBuilder builder = CreateBuilder();
        builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));
        builder.Services.AddKeyedBoundedMemoryCache("pages", builder.Configuration.GetSection("Pages"));
        using IHost host = builder.Build();
        await host.StartAsync();
        BoundedMemoryCache cache = host.Services.GetRequiredService<BoundedMemoryCache>();
        BoundedMemoryCache pages = host.Services.GetRequiredKeyedService<BoundedMemoryCache>("pages");
        Assert.Equal(64 << 20, cache.MaxMemory);
        Assert.Equal(ByteSize.ShareOfAvailable(0.01), pages.MaxMemory);
        cache.Set("key", new byte[1000]);

        Write("""{ "Cache": { "MaxMemory": "1KB", "ReleaseMode": "None" }, "Pages": { "MaxMemory": "2%" } }""");
        await Until(
            () => cache.MaxMemory == 1024 && pages.MaxMemory == ByteSize.ShareOfAvailable(0.02) && cache.Count == 0);

        Write("""{ "Cache": { "MaxMemory": "a lot", "ReleaseMode": "None" }, "Pages": { "MaxMemory": "3%" } }""");
        await Until(() => _log.Events.Contains("ReloadRefused") && pages.MaxMemory == ByteSize.ShareOfAvailable(0.03));
        Assert.Equal(1024, cache.MaxMemory);
        Assert.Contains(_log.Messages, static message =>
            message.Contains("Cache:MaxMemory: expected at least 1 byte", StringComparison.Ordinal));

        await host.StopAsync();
    }

    [Fact]
    public async Task A_file_that_is_broken_or_gone_for_a_while_changes_nothing()
    {
        Write("""{ "Cache": { "MaxMemory": "64MB", "ReleaseMode": "None" } }""");
        HostApplicationBuilder builder = CreateBuilder();
        builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));
        using IHost host = builder.Build();
        BoundedMemoryCache cache = host.Services.GetRequiredService<BoundedMemoryCache>();

        File.Delete(SettingsFile);
        await Until(() => _log.Events.Contains("MaxMemoryGone"));
        Assert.Equal(64 << 20, cache.MaxMemory);

        Write("""{ "Cache": { "MaxMemory": "65MB", "ReleaseMode": "None" } }""");
        await Until(() => cache.MaxMemory == 65 << 20);
    }

    [Theory]
    [InlineData(
        """{ "Cache": { "MaxMemory": "-5%" } }""",
        "Cache:MaxMemory: expected " + ConfiguredLimit.Allowed + ", got '-5%'.")]
    [InlineData(
        """{ "Cache": { "MaxMemroy": "5MB" } }""", "Cache: unknown setting 'MaxMemroy'; did you mean 'MaxMemory'?")]
    [InlineData(
        """{ "Cache": { "TrackStatistics": [ true ] } }""",
        "Cache:TrackStatistics: expected true or false, got a section or a list.")]
    [InlineData(
        """{ "Cache": { "Name": "pages" } }""",
        "The cache without a key has the name 'pages', which is also the key of a keyed cache; "
            + "set BoundedMemoryCacheOptions.Name or the key to another.")]
    public async Task A_host_with_wrong_settings_does_not_start_and_says_why(string settings, string message)
    {
        Write(settings);
        HostApplicationBuilder builder = CreateBuilder();
        builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));
        builder.Services.AddKeyedBoundedMemoryCache("pages");
        using IHost host = builder.Build();

        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(
            () => host.StartAsync());
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public async Task A_host_with_an_object_cache_and_a_byte_cache_of_one_name_does_not_start()
    {
        HostApplicationBuilder builder = CreateBuilder();
        builder.Services.AddBoundedDistributedCache();
        builder.Services.AddKeyedBoundedMemoryCache("distributed-cache");
        using IHost host = builder.Build();

        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(
            () => host.StartAsync());
        Assert.Contains("which is also the key of a byte cache", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_is_not_held_up_by_settings_that_are_missing()
    {
        Write("{}");
        HostApplicationBuilder builder = CreateBuilder();
        builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));
        using IHost host = builder.Build();
        await host.StartAsync();

        Assert.Equal(
            new BoundedMemoryCacheOptions().MaxMemory,
            host.Services.GetRequiredService<BoundedMemoryCache>().MaxMemory);
        Assert.Contains("SectionEmpty", _log.Events);
        await host.StopAsync();
    }

    [Fact]
    public void What_the_configuration_says_of_a_byte_cache_is_in_its_own_category()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection().Build();
        using ServiceProvider provider = new ServiceCollection()
            .AddSingleton<ILoggerFactory>(_log)
            .AddBoundedMemoryCache(configuration.GetSection("Objects"))
            .AddKeyedBoundedByteCache("pages", configuration: configuration.GetSection("Pages"))
            .BuildServiceProvider();
        Assert.Equal(2, provider.GetRequiredService<BoundedMemoryCacheRegistry>().Names.Count);

        Assert.Equal(
            [typeof(BoundedMemoryCache).FullName, typeof(BoundedByteCache).FullName],
            _log.Records.Where(static record => record.Id.Name == "SectionEmpty")
                .Select(static record => record.Category));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string SettingsFile => Path.Combine(_directory, "appsettings.json");

    private HostApplicationBuilder CreateBuilder()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { ContentRootPath = _directory });
        builder.Services.AddSingleton<ILoggerFactory>(_log);
        return builder;
    }

    private void Write(string settings) => File.WriteAllText(SettingsFile, settings);

    private async Task Until(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            Assert.False(
                limit.IsCancellationRequested,
                $"It did not come true; logged so far: {string.Join(Environment.NewLine, _log.Messages)}");
            await Task.Delay(TimeSpan.FromMilliseconds(10));
        }
    }
}
