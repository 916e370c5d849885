using System.Net.Http.Json;
using System.Text.Json.Nodes;
using BoundedCache.TestSupport;
using BoundedCache.WebApi;

namespace BoundedCache.Examples.Tests.WebApi;

/// <summary>
/// The example WebApi as a process of its own, on a free port, with its settings in a copy of its
/// own that may be changed.
/// </summary>
internal sealed class WebApiProcess : IDisposable
{
    private readonly string _contentRoot = Directory.CreateTempSubdirectory("boundedcache-webapi-").FullName;
    private readonly ProgramProcess _process;

    /// <param name="maxMemory">The limit that it starts with, as <c>appsettings.json</c> says it.</param>
    public WebApiProcess(string maxMemory)
    {
        File.Copy(Path.Combine(SourceTree.FindRoot(), "examples", "WebApi", "appsettings.json"), SettingsFile);
        ConfigureMaxMemory(maxMemory);
        _process = new ProgramProcess(
            "examples/WebApi", "--contentRoot", _contentRoot, "--Port", "0", "--Source:Latency", "00:00:00.001");
    }

    public HttpClient Client { get; } = new() { Timeout = ProgramProcess.Hung };

    public string Output => _process.Output;

    private string SettingsFile => Path.Combine(_contentRoot, "appsettings.json");

    public async Task StartAsync() =>
        Client.BaseAddress = new Uri((await _process.WaitForAsync("Now listening on: ")).Trim());

    public async Task<CacheState> GetStateAsync() => (await Client.GetFromJsonAsync<CacheState>("/cache"))!;

    public Task<string> WaitForAsync(string text) => _process.WaitForAsync(text);

    /// <summary>What an operator does: changes the limit in the file, and nothing else.</summary>
    public void ConfigureMaxMemory(string maxMemory)
    {
        JsonNode settings = JsonNode.Parse(File.ReadAllText(SettingsFile))!;
        settings["Cache"]!["MaxMemory"] = maxMemory;
        File.WriteAllText(SettingsFile, settings.ToJsonString());
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Dispose();
        Directory.Delete(_contentRoot, recursive: true);
    }
}
