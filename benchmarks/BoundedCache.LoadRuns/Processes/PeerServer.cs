using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace BoundedCache.LoadRuns.Processes;

/// <summary>A cache server beside the service, on a free port of loopback, that keeps nothing on disk.</summary>
internal sealed class PeerServer : IAsyncDisposable
{
    private const long MebibyteBytes = 1024 * 1024;

    // Ends the server when the shell's own input ends, as it does with the run. What the server
    // may read is not that input.
    private const string Leash = "\"$@\" </dev/null & echo \"pid $!\"; server=$!; read -r "
        + "_; kill $server; wait $server";

    private static readonly TimeSpan s_start = TimeSpan.FromSeconds(10);

    private readonly ChildProcess _shell;

    private PeerServer(ChildProcess shell, int processId, int port)
    {
        _shell = shell;
        ProcessId = processId;
        Port = port;
    }

    public int ProcessId { get; }

    public int Port { get; }

    /// <summary>Where the server's program is; null where it is not installed.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator)
        .Concat(["/usr/bin", "/usr/local/bin", "/usr/sbin"])
        .Where(static directory => directory.Length > 0)
        .Select(directory => Path.Combine(directory, program))
        .FirstOrDefault(File.Exists);

    public static Task<PeerServer> StartRedisAsync(string program, long maxBytes, CancellationToken cancellationToken)
    {
        int port = FreePort();
        return StartAsync(
            [
                program, "--port", Text(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel",
                "warning", "--maxmemory", Text(maxBytes), "--maxmemory-policy", "allkeys-lru",
            ],
            port,
            cancellationToken);
    }

    public static Task<PeerServer> StartMemcachedAsync(
        string program, long maxBytes, CancellationToken cancellationToken)
    {
        int port = FreePort();
        string[] user = Environment.UserName == "root" ? ["-u", "root"] : [];
        return StartAsync(
            [
                program, "-l", "127.0.0.1", "-p", Text(port), "-U", "0", "-m",
                Text(Math.Max(1, maxBytes / MebibyteBytes)), "-c", "4096", .. user,
            ], port, cancellationToken);
    }

    public ValueTask DisposeAsync() => _shell.DisposeAsync();

    private static async Task<PeerServer> StartAsync(string[] command, int port, CancellationToken cancellationToken)
    {
        string name = Path.GetFileName(command[0]);
        ChildProcess shell = ChildProcess.Start(name, "/bin/sh", ["-c", Leash, "sh", .. command]);
        try
        {
            int id = int.Parse(await shell.WaitForAsync("pid ", cancellationToken), CultureInfo.InvariantCulture);
            await AwaitPortAsync(shell, name, port, cancellationToken);
            return new PeerServer(shell, id, port);
        }
        catch
        {
            await shell.DisposeAsync();
            throw;
        }
    }

    private static async Task AwaitPortAsync(
        ChildProcess shell, string name, int port, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_start);
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), timeout.Token);
                return;
            }
            catch (SocketException) when (!timeout.IsCancellationRequested)
            {
                await Task.Delay(50, cancellationToken);
            }
            catch (Exception failure)
                when (failure is SocketException or OperationCanceledException
                    && !cancellationToken.IsCancellationRequested)
            {
                throw new LoadException(
                    ExitCode.Failed,
                    $"{name} does not answer on port {port}: {string.Join(" | ", shell.Lines.TakeLast(5))}",
                    failure);
            }
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
