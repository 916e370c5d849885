using System.Globalization;
using System.Runtime.InteropServices;
using BoundedCache.TestSupport;

namespace BoundedCache.Packages.Tests;

/// <summary>
/// The packages, packed once from the repository, and a folder outside of it whose projects restore them. Their version
/// is used once: no cache has another package of that version.
/// </summary>
public sealed class PackedPackages : IAsyncLifetime
{
    public static readonly string[] Ids = ["BoundedCache", "BoundedCache.AspNetCore", "BoundedCache.Tool"];

    private readonly TemporaryDirectory _directory = new();
    private string _built = "";

    /// <summary>The version of all packages.</summary>
    public string Version { get; } =
        $"0.1.0-test.{DateTime.UtcNow.Ticks.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Where the packed files are.</summary>
    public string Packages => _directory.PathOf("packages");

    /// <summary>Where the consumers' projects are.</summary>
    public string Consumers => _directory.PathOf("consumers");

    public async Task InitializeAsync()
    {
        // Tests that were built for release must not have what they run from built again.
        string[] build = AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal)
            ? ["--no-build"]
            : ["--no-restore"];
        ProgramResult packed = await Dotnet.RunAsync(
            SourceTree.FindRoot(),
            ["pack", "src/BoundedCache.slnf", "--nologo", .. build, "-o", Packages,
                $"-p:MinVerVersionOverride={Version}", "-p:RunAnalyzers=false"]);
        Assert.True(packed.ExitCode == 0, packed.Output);
        Assert.DoesNotContain("warning", packed.Output, StringComparison.Ordinal);

        CopyDirectory(Path.Combine(AppContext.BaseDirectory, "Consumers"), Consumers);
        await File.WriteAllTextAsync(
            Path.Combine(Consumers, "nuget.config"),
            $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{Packages}" />
              </packageSources>
            </configuration>
            """);
        await CopyCodeAsync("BoundedCache", "Readme", "using BoundedCache;");
        await CopyCodeAsync("BoundedCache.AspNetCore", "ReadmeWeb", "var builder =");
        _built = (await Dotnet.RunAsync(
            Consumers, "msbuild", "Consumers.proj", "-nologo", "-restore", "-m", "-p:Configuration=Release",
            $"-p:BoundedCacheVersion={Version}")).Output;
    }

    /// <summary>The path of a consumer's program, after all of its build was without errors and warnings.</summary>
    public string ProgramOf(string consumer)
    {
        string[] complaints = [.. _built.Split('\n').Where(line => IsComplaint(line, consumer)).Distinct()];
        Assert.True(complaints.Length == 0, string.Join('\n', complaints));
        string program = PathOfProgram(consumer);
        Assert.True(File.Exists(program), _built);
        return program;
    }

    /// <summary>Publishes a consumer that the others do not need.</summary>
    internal Task<ProgramResult> PublishAsync(string consumer, params string[] arguments) => Dotnet.RunAsync(
        Path.Combine(Consumers, consumer), ["publish", "--nologo", $"-p:BoundedCacheVersion={Version}", .. arguments]);

    /// <summary>The path of a consumer's program.</summary>
    internal string PathOfProgram(string consumer)
    {
        string output = Path.Combine(Consumers, consumer, "bin", "Release", "net10.0");
        string published = Path.Combine(output, RuntimeInformation.RuntimeIdentifier, "publish");
        string name = OperatingSystem.IsWindows() ? $"{consumer}.exe" : consumer;
        return Path.Combine(Directory.Exists(published) ? published : output, name);
    }

    public Task DisposeAsync()
    {
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (string id in Ids)
        {
            string unpacked = Path.Combine(cache, id.ToLowerInvariant(), Version);
            if (Directory.Exists(unpacked))
            {
                Directory.Delete(unpacked, recursive: true);
            }
        }

        _directory.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Makes the code of a package's readme a consumer's program: the block that begins with a text.</summary>
    private async Task CopyCodeAsync(string package, string consumer, string begins)
    {
        string readme = await File.ReadAllTextAsync(
            Path.Combine(SourceTree.FindRoot(), "src", package, "PACKAGE.md"));
        string start = $"```csharp\n{begins}";
        int at = readme.IndexOf(start, StringComparison.Ordinal) + start.Length - begins.Length;
        await File.WriteAllTextAsync(
            Path.Combine(Consumers, consumer, "Program.cs"),
            readme[at..readme.IndexOf("```", at, StringComparison.Ordinal)]);
    }

    /// <summary>Whether a line is an error or a warning about a consumer, or about all of them.</summary>
    private static bool IsComplaint(string line, string consumer) =>
        (line.Contains("error ", StringComparison.Ordinal) || line.Contains("warning ", StringComparison.Ordinal))
        && (!line.Contains(".csproj", StringComparison.Ordinal)
            || line.Contains($"{consumer}.csproj", StringComparison.Ordinal));

    private static void CopyDirectory(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}

/// <summary>The tests of packages run one after another: each builds something.</summary>
[CollectionDefinition("packages")]
public sealed class PackedPackagesTests : ICollectionFixture<PackedPackages>;
