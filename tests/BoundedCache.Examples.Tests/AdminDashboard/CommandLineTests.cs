using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.AdminDashboard;

/// <summary>The example's command line.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_names_every_option()
    {
        using var process = new ProgramProcess("examples/AdminDashboard", "--help");

        Assert.Equal(0, (await process.EndAsync()).ExitCode);
        Assert.All(["--port", "--urls", "--lookups", "--auth", "--prometheus"], option =>
            Assert.Contains(option, process.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--port: '70000' is not a whole number from 0 to 65535", "--port", "70000")]
    [InlineData("--lookups: 'many' is not a whole number from 0 to 50000", "--lookups", "many")]
    [InlineData("--urls: expected one URL", "--urls", "5080")]
    [InlineData("--password", "--password")]
    public async Task Wrong_arguments_end_it_with_what_would_be_right(string said, params string[] arguments)
    {
        using var process = new ProgramProcess("examples/AdminDashboard", arguments);

        Assert.Equal(2, (await process.EndAsync()).ExitCode);
        Assert.Contains(said, process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_are_served_for_Prometheus_where_they_are_asked_for_and_health_always()
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync("--lookups", "100", "--prometheus");

        Assert.Contains(
            "bounded_cache_memory_limit_bytes",
            await dashboard.Client.GetStringAsync(new Uri(dashboard.Page, "/metrics")),
            StringComparison.Ordinal);
        Assert.Equal("Healthy", await dashboard.Client.GetStringAsync(new Uri(dashboard.Page, "/health")));
    }

    [Fact]
    public async Task Keys_that_are_no_secrets_end_it()
    {
        using var process = new ProgramProcess(
            "examples/AdminDashboard",
            new Dictionary<string, string> { ["Auth__ReaderKey"] = "short" },
            "--port",
            "0",
            "--auth");

        Assert.Equal(1, (await process.EndAsync()).ExitCode);
        Assert.Contains(
            "Auth:ReaderKey and Auth:ChangerKey must both be set", process.Output, StringComparison.Ordinal);
    }
}
