using BoundedCache.TestSupport;

namespace BoundedCache.Packages.Tests;

/// <summary>
/// The version that packages get from tags, in a small repository with the build files of this one; and the audit.
/// </summary>
public sealed class VersionTests
{
    private static readonly string[] s_files =
        ["Directory.Build.props", "Directory.Packages.props", "src/Directory.Build.props", "src/BannedSymbols.txt"];

    [Fact]
    public async Task Packages_are_audited_for_known_vulnerabilities()
    {
        ProgramResult result = await Dotnet.RunAsync(
            SourceTree.FindRoot(), "msbuild", "src/BoundedCache/BoundedCache.csproj", "-nologo",
            "-getProperty:NuGetAudit");

        Assert.Equal((0, "true"), (result.ExitCode, result.Output.Trim()));
    }

    [Fact]
    public async Task A_tag_is_the_version_and_a_commit_after_it_a_prerelease_of_the_next()
    {
        using var repository = new TemporaryDirectory();
        Directory.CreateDirectory(repository.PathOf("src/Library"));
        foreach (string file in s_files)
        {
            File.Copy(Path.Combine(SourceTree.FindRoot(), file), repository.PathOf(file));
        }

        repository.Write("src/Library/Library.csproj", """<Project Sdk="Microsoft.NET.Sdk" />""");
        Assert.Equal("0.1.0-alpha.0", await VersionAsync());

        await GitAsync("init", "--quiet");
        await CommitAsync("first");
        Assert.Equal("0.1.0-alpha.0", await VersionAsync());

        await GitAsync("tag", "v1.2.3");
        Assert.Equal("1.2.3", await VersionAsync());

        await CommitAsync("second");
        Assert.Equal("1.2.4-alpha.0.1", await VersionAsync());

        // Without the prefix it is no version's tag.
        await GitAsync("tag", "7.0.0");
        Assert.Equal("1.2.4-alpha.0.1", await VersionAsync());

        async Task CommitAsync(string message)
        {
            repository.Write("change", message);
            await GitAsync("add", "--all");
            await GitAsync(
                "-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "commit",
                "--quiet", "--message", message);
        }

        async Task GitAsync(params string[] arguments)
        {
            ProgramResult result = await Dotnet.RunProgramAsync("git", repository.Path, arguments);
            Assert.True(result.ExitCode == 0, result.Output);
        }

        async Task<string> VersionAsync()
        {
            ProgramResult result = await Dotnet.RunAsync(
                repository.PathOf("src/Library"),
                "msbuild", "-nologo", "-restore", "-target:MinVer", "-getProperty:PackageVersion");
            Assert.True(result.ExitCode == 0, result.Output);
            return result.Output.Trim();
        }
    }
}
