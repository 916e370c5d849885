using System.Net;
using System.Net.Sockets;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests;

/// <summary>What the services among the examples do if another program has the port they should listen on.</summary>
public sealed class TakenPortTests
{
    [Theory]
    [InlineData("AdminDashboard", "--urls", "http://127.0.0.1:")]
    [InlineData("AdminDashboard", "--port", "")]
    [InlineData("OutputCaching", "--urls", "http://127.0.0.1:")]
    [InlineData("TwoTier", "--urls", "http://127.0.0.1:")]
    [InlineData("WebApi", "--urls", "http://127.0.0.1:")]
    public async Task A_taken_port_is_one_line(string example, string option, string address)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var process = new ProgramProcess($"examples/{example}", option, $"{address}{port}");

        Assert.Equal(1, (await process.EndAsync()).ExitCode);
        string line = Assert.Single(process.Output.Trim().Split('\n'));
        Assert.StartsWith($"Expected a free port, got {port}", line, StringComparison.Ordinal);
    }
}
