using System.Net;
using System.Net.Sockets;
using BoundedCache.TestSupport;

namespace BoundedCache.Browser.Tests.Support;

/// <summary>nginx, as Debian's package installs it, before a site. It ends with the test.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    public const string Missing =
        "There is no nginx: install Debian's package (apt-get install nginx), or have nginx on the PATH.";

    private readonly ProgramProcess _process;
    private readonly string _directory;

    private Nginx(ProgramProcess process, string directory, int port) =>
        (_process, _directory, Port) = (process, directory, port);

    /// <summary>Where it is; null where it is not.</summary>
    public static string? Path { get; } = Chromium.FindProgram("nginx");

    public int Port { get; }

    /// <summary>Starts it.</summary>
    /// <param name="locations">
    /// What its server does. <c>UPSTREAM</c> stands for the address of the site.
    /// </param>
    /// <param name="upstream">The site.</param>
    public static async Task<Nginx> StartAsync(string locations, Uri upstream)
    {
        string directory = Directory.CreateTempSubdirectory("boundedcache-nginx-").FullName;
        int port = FreePort();
        string user = Environment.IsPrivilegedProcess ? "user root;" : "";
        string config = System.IO.Path.Combine(directory, "nginx.conf");
        await File.WriteAllTextAsync(config, $$"""
            {{user}}
            daemon off;
            worker_processes 1;
            pid {{directory}}/pid;
            error_log {{directory}}/errors;
            events { }
            http {
              access_log off;
              client_body_temp_path {{directory}}/body;
              proxy_temp_path {{directory}}/proxy;
              fastcgi_temp_path {{directory}}/fastcgi;
              uwsgi_temp_path {{directory}}/uwsgi;
              scgi_temp_path {{directory}}/scgi;
              server {
                listen 127.0.0.1:{{port}};
                {{locations.Replace("UPSTREAM", upstream.Authority, StringComparison.Ordinal)}}
              }
            }
            """);
        ProgramProcess process = ProgramProcess.Start(
            Path ?? throw new InvalidOperationException(Missing), ["-p", directory, "-c", config]);
        var nginx = new Nginx(process, directory, port);
        using var limit = new CancellationTokenSource(ProgramProcess.Hung);
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                return nginx;
            }
            catch (SocketException) when (!process.HasExited && !limit.IsCancellationRequested)
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    /// <summary>An address on it, under a name that browsers trust or one that they do not.</summary>
    public Uri Address(string path, string host = "127.0.0.1") => new($"http://{host}:{Port}{path}");

    public async ValueTask DisposeAsync()
    {
        // Its workers end with it.
        await _process.SignalAsync("TERM");
        await _process.EndAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A fact that needs a browser and nginx: skipped where one is missing, except in CI.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NginxFactAttribute : FactAttribute
{
    public NginxFactAttribute() => Skip = BrowserRequirement.WhyNot
        ?? (Nginx.Path is null && !Chromium.IsRequired ? Nginx.Missing : null);
}
