using System.Text.Json;
using System.Xml.Linq;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.EndToEnd;

/// <summary>A directory for the results of one run, and the run that fills it.</summary>
internal sealed class Outputs : IDisposable
{
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("boundedcache-load-").FullName;

    /// <summary>Runs the program into this directory, and reads what it wrote.</summary>
    public async Task<JsonElement> RunAsync(string name, params string[] arguments)
    {
        (int exitCode, string output, string error) = await LoadRunsProcess.RunAsync(
            [.. arguments, "--output", Directory]);
        Assert.True(exitCode == 0, error);
        Assert.Equal(File.ReadAllText(PathOf(name, "txt")), output);
        Assert.Equal("svg", XDocument.Load(PathOf(name, "svg")).Root!.Name.LocalName);
        return JsonDocument.Parse(File.ReadAllText(PathOf(name, "json"))).RootElement;
    }

    public string PathOf(string name, string extension) => Path.Combine(Directory, $"load-{name}.{extension}");

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    public static void AssertStamped(JsonElement stamp, string command)
    {
        Assert.StartsWith(
            $"dotnet run -c Release --project benchmarks/BoundedCache.LoadRuns -- {command}",
            stamp.GetProperty("command").GetString(),
            StringComparison.Ordinal);
        Assert.All((string[])["commit", "time", "runtime", "operatingSystem", "processor"], name =>
            Assert.NotEmpty(stamp.GetProperty(name).GetString()!));
    }

    public static void AssertServed(JsonElement load)
    {
        Assert.Equal((0, 0), (load.GetProperty("failed").GetInt64(), load.GetProperty("lost").GetInt64()));
        Assert.InRange(load.GetProperty("sent").GetInt64(), 1, long.MaxValue);
    }
}
