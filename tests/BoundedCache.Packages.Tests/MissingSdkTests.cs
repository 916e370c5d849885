using System.Text.Json.Nodes;
using BoundedCache.TestSupport;

namespace BoundedCache.Packages.Tests;

/// <summary>What somebody reads who has not the SDK that builds this repository.</summary>
public sealed class MissingSdkTests
{
    [Fact]
    public async Task Without_the_SDK_dotnet_says_which_one_to_install()
    {
        JsonNode settings = JsonNode.Parse(
            await File.ReadAllTextAsync(Path.Combine(SourceTree.FindRoot(), "global.json")))!;
        string asked = settings["sdk"]!["version"]!.GetValue<string>();
        settings["sdk"]!["version"] = "99.0.100";
        using var directory = new TemporaryDirectory();
        directory.Write("global.json", settings.ToJsonString());

        ProgramResult version = await Dotnet.RunAsync(directory.Path, "--version");

        Assert.NotEqual(0, version.ExitCode);
        Assert.Contains($"Expected the .NET SDK {asked} or a later 10.0", version.Output, StringComparison.Ordinal);
        Assert.Contains("https://dotnet.microsoft.com/download", version.Output, StringComparison.Ordinal);
    }
}
