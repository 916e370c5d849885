using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests;

/// <summary>What the services among the examples say of a limit that the machine cannot hold.</summary>
public sealed class TooLargeLimitTests
{
    [Theory]
    [InlineData("AdminDashboard", "Caches__Catalog__MaxMemory", "catalog", "Admin page: ")]
    [InlineData("OutputCaching", "Pages__MaxMemory", "output-cache", "Admin page: ")]
    [InlineData("TwoTier", null, "default", "Admin page: ")]
    [InlineData("WebApi", "Cache__MaxMemory", "default", "Runs under ")]
    public async Task It_is_one_line_before_the_service_answers(
        string example, string? setting, string cache, string started)
    {
        using var shared = new TemporaryDirectory();
        shared.Write("caches.json", """{ "Cache": { "MaxMemory": "4TB" } }""");
        var environment = new Dictionary<string, string>();
        if (setting is not null)
        {
            environment.Add(setting, "4TB");
        }

        string[] arguments = setting is null ? ["--shared", shared.Path, "--redis", "127.0.0.1:1"] : [];
        using var process = new ProgramProcess(
            $"examples/{example}", environment, ["--urls", "http://127.0.0.1:0", .. arguments]);
        await process.WaitForAsync(started);

        string line = Assert.Single(process.Output.Split('\n'), line => line.Contains(
            $"{cache}: with its limit of 4398046511104 bytes, the caches of this process may need more than it can "
                + "hold.",
            StringComparison.Ordinal));
        Assert.Contains(" Lower MaxMemory to ", line, StringComparison.Ordinal);
    }
}
