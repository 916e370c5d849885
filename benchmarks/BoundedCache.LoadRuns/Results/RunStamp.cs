using System.Diagnostics;
using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace BoundedCache.LoadRuns.Results;

/// <summary>When, where, of what and by which command something was measured.</summary>
internal sealed record RunStamp
{
    public required string Command { get; init; }

    /// <summary>The commit of the sources, with a plus where files differ from it.</summary>
    public required string Commit { get; init; }

    /// <summary>The day.</summary>
    public required string Date { get; init; }

    public required string Runtime { get; init; }

    public required string OperatingSystem { get; init; }

    public required int Processors { get; init; }

    public required string Processor { get; init; }

    /// <summary>The memory of the machine or container, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    public static RunStamp Take(string command) => new()
    {
        Command = command,
        Commit = ReadCommit(),
        Date = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
        Runtime = RuntimeInformation.FrameworkDescription,
        OperatingSystem = RuntimeInformation.OSDescription,
        Processors = Environment.ProcessorCount,
        Processor = ReadProcessor(),
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
    };

    /// <summary>Two lines, as the text results begin.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"# {Command}\n# {Date}, commit {Commit}, {Runtime}, {Processors} shared cores ({Processor}), {ByteSize.Format(MemoryBytes)}, {OperatingSystem}");

    private static string ReadCommit()
    {
        string commit = Git("rev-parse", "--short", "HEAD");
        return commit.Length == 0 ? "unknown" : commit + (Git("status", "--porcelain", "--untracked-files=no").Length == 0 ? "" : "+");
    }

    private static string Git(params string[] arguments)
    {
        try
        {
            using Process git = Process.Start(new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string output = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? output : string.Empty;
        }
        catch (Win32Exception)
        {
            return string.Empty;
        }
    }

    private static string ReadProcessor()
    {
        const string Name = "model name";
        string? line = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith(Name, StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
