using System.Diagnostics;
using System.Reflection;

namespace BoundedCache.Harness;

/// <summary>
/// How to start a program of this repository once more, whether it runs as an executable of its own or as an
/// argument of <c>dotnet</c>.
/// </summary>
public static class OwnProgram
{
    /// <summary>Starts nothing yet; streams are not redirected.</summary>
    /// <param name="program">The program's assembly.</param>
    /// <param name="args">Its arguments.</param>
    public static ProcessStartInfo StartInfo(Assembly program, IEnumerable<string> args)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(args);
        string? process = Environment.ProcessPath;
        bool isDotnet = process is not null && IsNamed(process, "dotnet");
        var start = new ProcessStartInfo { UseShellExecute = false };
        if (process is not null && IsNamed(process, program.GetName().Name!))
        {
            start.FileName = process;
        }
        else
        {
            start.FileName = isDotnet ? process! : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
            start.ArgumentList.Add(program.Location);
        }

        foreach (string arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        return start;
    }

    private static bool IsNamed(string path, string name) =>
        string.Equals(Path.GetFileNameWithoutExtension(path), name, StringComparison.OrdinalIgnoreCase);
}
