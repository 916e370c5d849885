using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace BoundedCache.Harness;

/// <summary>
/// Runs a program of this repository once more, whether it runs as an executable of its own or as an argument of
/// <c>dotnet</c>. All programs that measure in a fresh process do it by this.
/// </summary>
public static class OwnProgram
{
    /// <summary>Runs it to its end. If that is cancelled, it is killed, and what it started too.</summary>
    /// <param name="program">The program's assembly.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="environment">Environment variables, in addition to those of this process.</param>
    /// <param name="onError">Gets each line of its standard error as it comes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    public static async Task<OwnProgramEnd> RunAsync(
        Assembly program,
        IEnumerable<string> args,
        IEnumerable<(string Name, string Value)>? environment = null,
        Func<string, Task>? onError = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(args);
        cancellationToken.ThrowIfCancellationRequested();
        ProcessStartInfo start = StartInfo(program, args);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        foreach ((string name, string value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)
            ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        try
        {
            Task<string> errors = ReadErrorsAsync(process.StandardError, onError, cancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            string said = await errors.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);

            // On a terminal Ctrl+C reaches the child as well, and it may be the first to end.
            cancellationToken.ThrowIfCancellationRequested();
            return new OwnProgramEnd(process.ExitCode, output, said);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private static async Task<string> ReadErrorsAsync(
        StreamReader lines, Func<string, Task>? onError, CancellationToken cancellationToken)
    {
        var all = new StringBuilder();
        while (await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            all.Append(line).Append('\n');
            if (onError is not null)
            {
                await onError(line).ConfigureAwait(false);
            }
        }

        return all.ToString();
    }

    private static ProcessStartInfo StartInfo(Assembly program, IEnumerable<string> args)
    {
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

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Errors">What it wrote to standard error.</param>
public sealed record OwnProgramEnd(int ExitCode, string Output, string Errors);
