using System.Net;
using System.Net.Http.Json;
using System.Net.NetworkInformation;
using System.Text.Json;
using BoundedCache.TestSupport;
using BoundedCache.WebApi;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Examples.Tests.WebApi;

/// <summary>The example WebApi in this process, without a network.</summary>
public sealed class WebApiTests : IDisposable
{
    private readonly WebApplicationFactory<CacheState> _plain = new();
    private readonly WebApplicationFactory<CacheState> _service;

    public WebApiTests() => _service = _plain.WithWebHostBuilder(static host => host
        .UseContentRoot(Path.Combine(SourceTree.FindRoot(), "examples", "WebApi"))
        .UseSetting("Source:Latency", "00:00:00"));

    public void Dispose()
    {
        _service.Dispose();
        _plain.Dispose();
    }

    [Fact]
    public async Task A_product_is_read_from_the_source_once()
    {
        using HttpClient client = _service.CreateClient();

        Assert.Equal(ProductSource.Make(7), await client.GetFromJsonAsync<Product>("/products/7"));
        Assert.Equal(ProductSource.Make(7), await client.GetFromJsonAsync<Product>("/products/7"));
        Assert.Equal(ProductSource.Make(8), await client.GetFromJsonAsync<Product>("/products/8"));

        CacheState state = (await client.GetFromJsonAsync<CacheState>("/cache"))!;
        Assert.Equal((2, 2), (state.SourceReads, state.Entries));
        Assert.InRange(state.UsedMemoryBytes, 2 * 32 * 1024 * 0.95, 2 * 33 * 1024);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("10001")]
    public async Task That_there_is_no_such_product_is_remembered_as_well(string id)
    {
        using HttpClient client = _service.CreateClient();

        for (int i = 0; i < 2; i++)
        {
            using HttpResponseMessage response = await client.GetAsync(new Uri($"/products/{id}", UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }

        Assert.Equal(1, (await client.GetFromJsonAsync<CacheState>("/cache"))!.SourceReads);
    }

    [Fact]
    public void The_limit_is_the_one_in_its_settings_file()
    {
        using JsonDocument settings = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "examples", "WebApi", "appsettings.json")));
        Assert.True(ByteSize.TryParse(
            settings.RootElement.GetProperty("Cache").GetProperty("MaxMemory").GetString(), out long maxMemory));

        BoundedMemoryCache cache = _service.Services.GetRequiredService<BoundedMemoryCache>();
        Assert.Equal(maxMemory, cache.MaxMemory);
        Assert.Same(cache, _service.Services.GetRequiredService<IMemoryCache>());
    }

    [Fact]
    public async Task It_says_which_collector_it_runs_under_and_listens_where_urls_says()
    {
        using var process = new ProgramProcess(
            "examples/WebApi", "--contentRoot", Path.Combine(SourceTree.FindRoot(), "examples", "WebApi"),
            "--urls", "http://127.0.0.1:0");

        Assert.StartsWith("127.0.0.1:", (await process.WaitForAsync("Now listening on: http://")).Trim());
        Assert.StartsWith("Server GC", await process.WaitForAsync("Runs under "), StringComparison.Ordinal);
    }

    [Fact]
    public void The_two_services_among_the_examples_use_different_ports()
    {
        string folder = Path.Combine(SourceTree.FindRoot(), "examples");
        string api = File.ReadAllText(Path.Combine(folder, "WebApi", "appsettings.json"));
        string dashboard = File.ReadAllText(Path.Combine(folder, "AdminDashboard", "DashboardCommand.cs"));

        Assert.Contains("\"Port\": 5090", api, StringComparison.Ordinal);
        Assert.Contains("DefaultPort = 5080", dashboard, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_listens_on_loopback_alone_whatever_it_is_told()
    {
        using var process = new ProgramProcess(
            "examples/WebApi", "--contentRoot", Path.Combine(SourceTree.FindRoot(), "examples", "WebApi"), "--Port",
            "0",
            "--urls", "http://0.0.0.0:0");
        var address = new Uri((await process.WaitForAsync("Now listening on: ")).Trim());

        Assert.Equal(IPAddress.Loopback, IPAddress.Parse(address.Host));
        Assert.Equal(
            [IPAddress.Loopback],
            IPGlobalProperties.GetIPGlobalProperties()
                .GetActiveTcpListeners()
                .Where(listener => listener.Port == address.Port)
                .Select(static listener => listener.Address));
    }
}
