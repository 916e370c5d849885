using System.Net;
using System.Net.Sockets;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.TwoTier;

/// <summary>The command line of TwoTier, and what it says where something is missing.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_names_every_option()
    {
        using var process = new ProgramProcess("examples/TwoTier", "--help");

        Assert.Equal(0, (await process.EndAsync()).ExitCode);
        Assert.All(["--urls", "--redis", "--redis-timeout", "--shared", "--fusion"], option =>
            Assert.Contains(option, process.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--urls: expected one URL", "--urls", "5080")]
    [InlineData("--redis: expected HOST:PORT", "--redis", "")]
    [InlineData("--redis: expected HOST:PORT", "--redis", "localhost,potatoes=5")]
    [InlineData("--shared: expected a folder", "--shared", "")]
    [InlineData("--redis-timeout: expected whole milliseconds", "--redis-timeout", "0")]
    [InlineData("--redis-timeout: expected whole milliseconds", "--redis-timeout", "soon")]
    [InlineData("--password", "--password")]
    public async Task Wrong_arguments_end_it_with_what_would_be_right(string said, params string[] arguments)
    {
        using var process = new ProgramProcess("examples/TwoTier", arguments);

        Assert.Equal(2, (await process.EndAsync()).ExitCode);
        Assert.Contains(said, process.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"Cache\": { \"MaxMemory\": ", "caches.json")]
    [InlineData("{ \"Cache\": { \"MaxMemory\": \"many\" } }", "got 'many'")]
    public async Task A_file_of_limits_that_cannot_be_read_ends_it_with_a_line(string text, string said)
    {
        using var shared = new TemporaryDirectory();
        shared.Write("caches.json", text);
        using var process = new ProgramProcess(
            "examples/TwoTier", "--urls", "http://127.0.0.1:0", "--redis", Nowhere(), "--shared", shared.Path);

        Assert.Equal(1, (await process.EndAsync()).ExitCode);
        Assert.Contains(said, process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_Redis_a_node_says_so_and_answers_all_the_same(bool usesFusion)
    {
        using var shared = new TemporaryDirectory();
        string redis = Nowhere();
        using TwoTierNode node = await TwoTierNode.StartAsync(
            ["--redis", redis, "--shared", shared.Path, .. usesFusion ? ["--fusion"] : Array.Empty<string>()]);

        await node.AssertRightAsync(7);
        await node.AssertRightAsync(7);
        NodeState state = await node.StateAsync();

        Assert.Equal((1, false), (state.SourceReads, state.IsRedisConnected));
        await node.WaitForAsync($"Expected Redis at {redis}, got no connection.");
    }

    private static string Nowhere()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
    }
}
