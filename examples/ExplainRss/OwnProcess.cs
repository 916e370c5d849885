using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using BoundedCache.ExplainRss.Causes;
using BoundedCache.ExplainRss.CommandLine;

namespace BoundedCache.ExplainRss;

/// <summary>
/// Runs this program again for one cause, so that no cause is explained with the remains of another.
/// </summary>
internal static class OwnProcess
{
    /// <returns>Its output.</returns>
    /// <exception cref="ExplainException">It failed.</exception>
    public static string Run(Cause cause, ExplainOptions options)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(OwnProcess).Assembly.Location);
        }

        start.ArgumentList.Add(cause.Name);
        start.ArgumentList.Add("--size");
        start.ArgumentList.Add(options.SizeBytes.ToString(CultureInfo.InvariantCulture));
        if (options.Mode is { } mode)
        {
            start.ArgumentList.Add("--mode");
            start.ArgumentList.Add(mode.ToString().ToLowerInvariant());
        }

        if (options.Json)
        {
            start.ArgumentList.Add("--json");
        }

        try
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            string said = errors.GetAwaiter().GetResult().Trim();
            return process.ExitCode == 0
                ? text
                : throw new ExplainException(
                    ExitCode.Failed,
                    $"the process for {cause.Name} ended with exit code {process.ExitCode}: "
                        + $"{said.Replace(ExplainApplication.ErrorPrefix, "", StringComparison.Ordinal)}");
        }
        catch (Win32Exception failure)
        {
            throw new ExplainException(
                ExitCode.Failed, $"{start.FileName} cannot be started: {failure.Message}", failure);
        }
    }
}
