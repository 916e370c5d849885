using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.TwoTier;

internal sealed record Product(int Id, decimal Price, string Description);

internal sealed record NodeState(
    long MaxMemoryBytes, long UsedMemoryBytes, int Entries, long SourceReads, bool IsRedisConnected);

/// <summary>The example TwoTier as a process of its own, on a free port.</summary>
internal sealed class TwoTierNode : IDisposable
{
    private readonly ProgramProcess _process;

    private TwoTierNode(ProgramProcess process, Uri admin)
    {
        _process = process;
        Admin = admin;
        Client = new HttpClient { BaseAddress = new Uri(admin, "/"), Timeout = ProgramProcess.Hung };
    }

    /// <summary>The address of the admin page, with a slash at its end.</summary>
    public Uri Admin { get; }

    public HttpClient Client { get; }

    public string Output => _process.Output;

    public static async Task<TwoTierNode> StartAsync(params string[] arguments)
    {
        var process = new ProgramProcess("examples/TwoTier", ["--urls", "http://127.0.0.1:0", .. arguments]);
        try
        {
            return new TwoTierNode(process, new Uri(await process.WaitForAsync("Admin page: ")));
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public Task<string> WaitForAsync(string text) => _process.WaitForAsync(text);

    public async Task<NodeState> StateAsync() => (await Client.GetFromJsonAsync<NodeState>("/state"))!;

    public async Task<Product> GetAsync(int id)
    {
        Product product = (await Client.GetFromJsonAsync<Product>(
            string.Create(CultureInfo.InvariantCulture, $"/products/{id}")))!;
        Assert.Equal(id, product.Id);
        return product;
    }

    /// <summary>Asks for an unchanged product and checks the answer.</summary>
    public async Task AssertRightAsync(int id)
    {
        Product product = await GetAsync(id);
        Assert.StartsWith($"Product {id} is as good as new. ", product.Description, StringComparison.Ordinal);
        Assert.Equal(10 + (id % 90), product.Price);
    }

    public async Task ChangeAsync(Product product)
    {
        using HttpResponseMessage answer = await Client.PutAsJsonAsync(
            string.Create(CultureInfo.InvariantCulture, $"/products/{product.Id}"),
            new { product.Price, product.Description });
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    /// <summary>Sets the limit through the admin API, as an operator does.</summary>
    public async Task<JsonNode> SetLimitAsync(string maxMemory)
    {
        using HttpResponseMessage answer = await Client.PutAsJsonAsync(
            new Uri(Admin, "api/caches/default/limit"), new { maxMemory });
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    /// <summary>The bytes of live managed objects, by a garbage collection.</summary>
    public async Task<long> LiveBytesAsync()
    {
        using HttpResponseMessage answer = await Client.PostAsJsonAsync(
            new Uri(Admin, "api/memory"), new { });
        JsonNode report = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return report["rows"]!.AsArray()
            .Where(static row => row!["kind"]!.GetValue<string>() is "cache" or "otherLive")
            .Sum(static row => row!["bytes"]!.GetValue<long>());
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Dispose();
    }
}
