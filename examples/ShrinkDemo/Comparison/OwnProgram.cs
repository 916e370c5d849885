using System.Diagnostics;

namespace BoundedCache.ShrinkDemo.Comparison;

/// <summary>
/// How to start this program again, whether it runs as its own executable or as an argument of <c>dotnet</c>.
/// </summary>
internal static class OwnProgram
{
    public static ProcessStartInfo StartInfo(IEnumerable<string> arguments)
    {
        string assembly = typeof(OwnProgram).Assembly.Location;
        string? process = Environment.ProcessPath;
        var start = new ProcessStartInfo { UseShellExecute = false };
        if (process is not null && (assembly.Length == 0 || SameName(process, assembly)))
        {
            start.FileName = process;
        }
        else
        {
            start.FileName = process is not null && SameName(process, "dotnet")
                ? process
                : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
            start.ArgumentList.Add(assembly);
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    private static bool SameName(string first, string second) =>
        string.Equals(
            Path.GetFileNameWithoutExtension(first),
            Path.GetFileNameWithoutExtension(second),
            StringComparison.OrdinalIgnoreCase);
}
