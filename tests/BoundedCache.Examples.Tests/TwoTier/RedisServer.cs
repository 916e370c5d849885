using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.TwoTier;

/// <summary>A redis-server on a port of loopback, in memory alone. It ends with the test.</summary>
internal sealed class RedisServer : IDisposable
{
    public const string Missing = "There is no redis-server: install Debian's package (apt-get install redis-server), "
        + "or have redis-server on the PATH.";

    private readonly TemporaryDirectory _directory = new();
    private ProgramProcess _process;

    private RedisServer(int port)
    {
        Port = port;
        _process = Start();
    }

    /// <summary>Where it is; null where it is not.</summary>
    public static string? Path { get; } = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/bin"
        .Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(static directory => System.IO.Path.Combine(directory, "redis-server"))
        .FirstOrDefault(File.Exists);

    public int Port { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public static async Task<RedisServer> StartAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var server = new RedisServer(port);
        await server.WaitAsync();
        return server;
    }

    /// <summary>Stops it for good, with all that it holds, in the middle of whatever it does.</summary>
    public void Kill() => _process.Dispose();

    /// <summary>Starts it again after <see cref="Kill"/>, on the same port, empty.</summary>
    public async Task RestartAsync()
    {
        _process = Start();
        await WaitAsync();
    }

    /// <summary>Keeps its connections and answers nothing any more.</summary>
    public Task FreezeAsync() => _process.SignalAsync("STOP");

    /// <summary>The number of its keys.</summary>
    public async Task<int> CountKeysAsync() =>
        int.Parse((await AskAsync("DBSIZE")).TrimStart(':'), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        Kill();
        _directory.Dispose();
    }

    private ProgramProcess Start() => ProgramProcess.Start(
        Path ?? throw new InvalidOperationException(Missing),
        [
            "--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _directory.Path,
            "--logfile", _directory.PathOf("log"),
        ]);

    private Task WaitAsync() => Until.HoldsAsync(
        "Redis answers",
        async () =>
        {
            try
            {
                return await AskAsync("PING") == "+PONG";
            }
            catch (SocketException) when (!_process.HasExited)
            {
                return false;
            }
        });

    private async Task<string> AskAsync(string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadLineAsync() ?? "";
    }
}

/// <summary>A fact that needs redis-server: skipped where it is missing, except in CI.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RedisFactAttribute : FactAttribute
{
    public RedisFactAttribute() => Skip = WhyNot;

    /// <summary>Why tests are skipped; null where they run, or where they must.</summary>
    public static string? WhyNot =>
        RedisServer.Path is null && Environment.GetEnvironmentVariable("CI") != "true" ? RedisServer.Missing : null;
}

/// <summary>The same for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RedisTheoryAttribute : TheoryAttribute
{
    public RedisTheoryAttribute() => Skip = RedisFactAttribute.WhyNot;
}
