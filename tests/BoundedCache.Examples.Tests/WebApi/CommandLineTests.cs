using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.WebApi;

/// <summary>The arguments of the example WebApi.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_names_the_arguments()
    {
        using var process = new ProgramProcess("examples/WebApi", "--help");

        Assert.Equal(0, (await process.EndAsync()).ExitCode);
        Assert.All(["--urls", "--NAME VALUE", "/cache"], text =>
            Assert.Contains(text, process.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Expected --urls or a setting such as --Cache:MaxMemory, got '--prt'.", "--prt", "5090")]
    [InlineData("Expected --urls or a setting such as --Cache:MaxMemory, got '5090'.", "5090")]
    [InlineData("Expected a value after --urls, got none.", "--urls")]
    [InlineData("--urls: expected a URL such as http://127.0.0.1:5090, got '5090'.", "--urls", "5090")]
    [InlineData("--urls: expected a URL such as http://127.0.0.1:5090, got 'https://*:1'.", "--urls=https://*:1")]
    [InlineData("--Port: expected a number from 0 to 65535, got '70000'.", "--Port=70000")]
    public async Task Wrong_arguments_end_it_with_what_would_be_right(string said, params string[] arguments)
    {
        using var process = new ProgramProcess("examples/WebApi", arguments);

        Assert.Equal(2, (await process.EndAsync()).ExitCode);
        Assert.StartsWith(said, Assert.Single(process.Output.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_limit_is_one_line()
    {
        using var process = new ProgramProcess("examples/WebApi", "--Port", "0", "--Cache:MaxMemory", "many");

        Assert.Equal(1, (await process.EndAsync()).ExitCode);
        Assert.Contains("many", Assert.Single(process.Output.Trim().Split('\n')), StringComparison.Ordinal);
    }
}
