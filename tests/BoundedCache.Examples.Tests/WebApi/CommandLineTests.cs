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

    [Theory]
    [InlineData("--Cache:MaxMemory")]
    [InlineData("--Source:Latency")]
    public async Task A_wrong_setting_is_one_line(string setting)
    {
        using var process = new ProgramProcess("examples/WebApi", "--Port", "0", setting, "many");

        await AssertLineAsync(process, "many");
    }

    [Theory]
    [InlineData("""{ "Port": 0,, }""", "appsettings.json")]
    [InlineData("""{ "Port": "many" }""", "many")]
    public async Task A_wrong_settings_file_is_one_line(string settings, string says)
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.PathOf("appsettings.json"), settings);
        using var process = new ProgramProcess("examples/WebApi", "--contentRoot", directory.Path);

        await AssertLineAsync(process, says);
    }

    private static async Task AssertLineAsync(ProgramProcess process, string says)
    {
        Assert.Equal(1, (await process.EndAsync()).ExitCode);
        Assert.Contains(says, Assert.Single(process.Output.Trim().Split('\n')), StringComparison.Ordinal);
    }
}
