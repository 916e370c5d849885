using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace BoundedCache.Harness;

/// <summary>
/// Where, when and of what a result was measured: what stands above every file in <c>benchmarks/results</c>.
/// </summary>
public sealed record RunStamp
{
    /// <summary>The command line that repeats the run from the repository's root.</summary>
    public required string Command { get; init; }

    /// <summary>
    /// The commit of the source, with "+ changes" where the working tree differs from it;
    /// "unknown" outside a repository.
    /// </summary>
    public required string Commit { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The .NET version.</summary>
    public required string Runtime { get; init; }

    /// <summary>The operating system and its version.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>The processor's model where the system tells it, else its architecture.</summary>
    public required string Processor { get; init; }

    /// <summary>Processors that this process may use.</summary>
    public required int Processors { get; init; }

    /// <summary>Memory that the collector may use, in bytes: the machine's, or its share of the container's.</summary>
    public required long AvailableBytes { get; init; }

    /// <summary>Whether the collector is the server one.</summary>
    public required bool ServerGC { get; init; }

    /// <summary>The stamp of this process.</summary>
    /// <param name="project">The project's path below the repository's root.</param>
    /// <param name="args">The arguments after <c>--</c>.</param>
    public static RunStamp Take(string project, IEnumerable<string> args) =>
        Take(string.Join(' ', [$"dotnet run -c Release --project {project} --", .. args]));

    /// <summary>The stamp of this process.</summary>
    /// <param name="command">The command line that repeats the run.</param>
    public static RunStamp Take(string command) => new()
    {
        Command = command,
        Commit = CurrentCommit(),
        Time = TimeProvider.System.GetUtcNow(),
        Runtime = RuntimeInformation.FrameworkDescription,
        OperatingSystem = RuntimeInformation.OSDescription,
        Processor = ProcessorModel(),
        Processors = Environment.ProcessorCount,
        AvailableBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        ServerGC = GCSettings.IsServerGC,
    };

    /// <summary>Three lines, each beginning with a number sign.</summary>
    public override string ToString()
    {
        string machine = string.Create(
            CultureInfo.InvariantCulture,
            $"{Processors} x {Processor}, {ByteSize.Format(AvailableBytes)}, {OperatingSystem}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            # {Command}
            # {Time:yyyy-MM-dd HH:mm} UTC, commit {Commit}
            # {Runtime}, {(ServerGC ? "server" : "workstation")} GC, {machine}
            """);
    }

    private static string CurrentCommit()
    {
        string? commit = Git("rev-parse", "--short=10", "HEAD");
        return commit is null ? "unknown"
            : Git("status", "--porcelain", "--untracked-files=no") is "" ? commit
            : $"{commit} + changes";
    }

    /// <summary>
    /// What git answers in the directory of this program; null where there is no git or no repository.
    /// </summary>
    private static string? Git(params string[] args)
    {
        var start = new ProcessStartInfo("git", ["-C", AppContext.BaseDirectory, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using System.Diagnostics.Process? git = System.Diagnostics.Process.Start(start);
            string? output = git?.StandardOutput.ReadToEnd().Trim();
            git?.WaitForExit();
            return git?.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string ProcessorModel()
    {
        const string model = "model name";
        try
        {
            return File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(static line => line.StartsWith(model, StringComparison.Ordinal))
                ?.Split(':', 2)[1]
                .Trim()
                ?? RuntimeInformation.ProcessArchitecture.ToString();
        }
        catch (IOException)
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }
    }
}
