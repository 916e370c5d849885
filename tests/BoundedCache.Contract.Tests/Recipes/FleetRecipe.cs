using BoundedCache.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace BoundedCache.Contract.Tests;

/// <summary>docs/RECIPES.md: one file of limits on a volume that all machines share.</summary>
public sealed class FleetRecipe
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Limits_follow_a_file_on_a_shared_volume_and_stay_where_it_cannot_be_read()
    {
        using var directory = new TemporaryDirectory();
        string volume = directory.Path;
        directory.Write("caches.json", """{ "Cache": { "MaxMemory": "8MB" } }""");
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        using IHost host = Build(builder, volume);
        await host.StartAsync();
        BoundedMemoryCache cache = host.Services.GetRequiredService<BoundedMemoryCache>();
        Assert.Equal(8 << 20, cache.MaxMemory);

        Replace("""{ "Cache": { "MaxMem""");
        await UntilAsync(() => builder.Configuration["Cache:MaxMemory"] is null);
        Assert.Equal(8 << 20, cache.MaxMemory);
        Replace("""{ "Cache": { "MaxMemory": "4MB" } }""");
        await UntilAsync(() => cache.MaxMemory == 4 << 20);
        await host.StopAsync();

        void Replace(string text) =>
            File.Move(directory.Write("draft", text), directory.PathOf("caches.json"), overwrite: true);
    }

    [Fact]
    public async Task Links_that_are_exchanged_as_Kubernetes_does_with_a_ConfigMap_are_followed()
    {
        using var directory = new TemporaryDirectory();
        await MountAsync("..first", """{ "Cache": { "MaxMemory": "8MB" } }""");
        File.CreateSymbolicLink(directory.PathOf("caches.json"), Path.Combine("..data", "caches.json"));
        using IHost host = Build(Host.CreateEmptyApplicationBuilder(null), directory.Path);
        await host.StartAsync();
        BoundedMemoryCache cache = host.Services.GetRequiredService<BoundedMemoryCache>();
        Assert.Equal(8 << 20, cache.MaxMemory);

        await MountAsync("..second", """{ "Cache": { "MaxMemory": "4MB" } }""");
        await UntilAsync(() => cache.MaxMemory == 4 << 20);
        await host.StopAsync();

        async Task MountAsync(string version, string text)
        {
            Directory.CreateDirectory(directory.PathOf(version));
            directory.Write(Path.Combine(version, "caches.json"), text);
            File.CreateSymbolicLink(directory.PathOf("..new"), version);
            using ProgramProcess move = ProgramProcess.Start(
                "mv", ["-T", directory.PathOf("..new"), directory.PathOf("..data")]);
            Assert.Equal(0, (await move.EndAsync()).ExitCode);
        }
    }

    [Fact]
    public void A_node_without_the_file_does_not_start_with_a_limit_that_nobody_wrote()
    {
        using var directory = new TemporaryDirectory();

        Assert.Throws<FileNotFoundException>(() => Build(Host.CreateEmptyApplicationBuilder(null), directory.Path));
    }

    private static IHost Build(HostApplicationBuilder builder, string volume)
    {
        // PAGE begins
        var files = new PhysicalFileProvider(volume) { UsePollingFileWatcher = true, UseActivePolling = true };
        builder.Configuration.AddJsonFile(files, "caches.json", optional: false, reloadOnChange: true);
        builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));
        // PAGE ends
        return builder.Build();
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(s_deadline);
        while (!holds())
        {
            Assert.False(limit.IsCancellationRequested, "The file was not followed.");
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
