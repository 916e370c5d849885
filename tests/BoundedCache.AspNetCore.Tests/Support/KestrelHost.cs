using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.Support;

/// <summary>
/// The same application as <see cref="AdminHost"/>'s on a real server, where connections have addresses of their own.
/// </summary>
internal sealed class KestrelHost : IAsyncDisposable
{
    private KestrelHost(WebApplication app) => App = app;

    public WebApplication App { get; }

    public HttpClient Client { get; } = new(new SocketsHttpHandler { UseProxy = false });

    public int Port { get; private set; }

    public BoundedMemoryCache Default => App.Services.GetRequiredService<BoundedMemoryCache>();

    public LogLines Log => App.Services.GetRequiredService<LogLines>();

    public static async Task<KestrelHost> StartAsync(
        Action<BoundedCacheAdminOptions>? options = null,
        Action<KestrelServerOptions>? server = null,
        Action<WebApplication>? before = null)
    {
        var host = new KestrelHost(AdminHost.Build(services: null, web => web.ConfigureKestrel(kestrel =>
        {
            if (server is null)
            {
                kestrel.Listen(IPAddress.Loopback, 0);
            }
            else
            {
                server(kestrel);
            }
        })));
        before?.Invoke(host.App);
        host.App.MapBoundedCacheAdmin("/admin/cache", options ?? (static all => all.AllowLoopback = true));
        await host.App.StartAsync();
        string address = host.App.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.First();
        if (Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Port > 0)
        {
            host.Port = uri.Port;
            host.Client.BaseAddress = new Uri($"http://127.0.0.1:{uri.Port}/admin/cache/");
        }

        return host;
    }

    public async Task<Answer> SendAsync(
        HttpMethod method, string path, string? body = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using HttpResponseMessage response = await Client.SendAsync(request, cancellationToken);
        return await Answer.OfAsync(response);
    }

    /// <summary>
    /// Sends what is no proper HTTP, or what clients do not send, and returns what comes back until the
    /// server closes the connection.
    /// </summary>
    public async Task<string> SendRawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }
}
