using System.Net.Http.Json;
using System.Text.Json;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.AdminDashboard;

/// <summary>The example AdminDashboard as a process of its own, on a free port of loopback.</summary>
internal sealed class DashboardProcess : IDisposable
{
    private const string PageLine = "Admin page: ";

    private readonly ProgramProcess _process;

    private DashboardProcess(ProgramProcess process, Uri page)
    {
        _process = process;
        Page = page;
        Client = new HttpClient { BaseAddress = page, Timeout = ProgramProcess.Hung };
    }

    /// <summary>The address of the page, with a slash at its end.</summary>
    public Uri Page { get; }

    /// <summary>Asks addresses below <see cref="Page"/>, without a key.</summary>
    public HttpClient Client { get; }

    public string Output => _process.Output;

    public static async Task<DashboardProcess> StartAsync(
        IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var process = new ProgramProcess("examples/AdminDashboard", environment, ["--port", "0", .. arguments]);
        try
        {
            return new DashboardProcess(process, new Uri(await process.WaitForAsync(PageLine)));
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public static Task<DashboardProcess> StartAsync(params string[] arguments) =>
        StartAsync(new Dictionary<string, string>(), arguments);

    public Task<string> WaitForAsync(string text) => _process.WaitForAsync(text);

    public async Task<JsonElement> GetAsync(string path) => await Client.GetFromJsonAsync<JsonElement>(path);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? key, string? json = null)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (key is not null)
        {
            request.Headers.Add("X-Api-Key", key);
        }

        if (json is not null)
        {
            request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        }

        return Client.SendAsync(request);
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Dispose();
    }
}
