using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using BoundedCache.Harness;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Rendering;
using BoundedCache.ShrinkDemo.Results;

namespace BoundedCache.ShrinkDemo.Comparison;

/// <summary>
/// Runs the story in another process of this program: passes its progress on, and reads its result from its JSON.
/// </summary>
internal sealed class ChildStory(DemoOptions options, TextWriter progress)
{
    /// <summary>Higher exit codes are 128 plus the number of the signal that killed the process.</summary>
    private const int SignalBase = 128;

    private readonly string _name = options.Cache.ArgumentFor();
    private string _lastLine = string.Empty;

    /// <exception cref="DemoException">The process failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, and the process has ended.</exception>
    public async Task<DemoResult> RunAsync(CancellationToken cancellationToken)
    {
        ProcessStartInfo start = OwnProgram.StartInfo(typeof(ChildStory).Assembly, ChildArguments.For(options));
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using System.Diagnostics.Process process = Start(start);
        try
        {
            Task relay = RelayAsync(process.StandardError, cancellationToken);
            string json = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await relay.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);

            // On a terminal Ctrl+C reaches the child as well, and the child may end first.
            cancellationToken.ThrowIfCancellationRequested();
            return Read(json, process.ExitCode);
        }
        finally
        {
            End(process);
        }
    }

    private static System.Diagnostics.Process Start(ProcessStartInfo start)
    {
        try
        {
            return System.Diagnostics.Process.Start(start)!;
        }
        catch (Win32Exception failure)
        {
            throw new DemoException(
                ExitCode.Failed, $"{start.FileName} cannot be started for the comparison: {failure.Message}", failure);
        }
    }

    private static void End(System.Diagnostics.Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
    }

    private async Task RelayAsync(StreamReader lines, CancellationToken cancellationToken)
    {
        while (await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            _lastLine = line;
            if (line.StartsWith(DemoApplication.ErrorPrefix, StringComparison.Ordinal))
            {
                // It is reported as this process's own error.
                continue;
            }

            await progress.WriteLineAsync($"[{_name}] {line}".AsMemory(), cancellationToken).ConfigureAwait(false);
        }
    }

    private DemoResult Read(string json, int exitCode)
    {
        try
        {
            // A run that found a fault of its cache ends with a failure code, but has a result as well.
            return JsonReport.Read(json);
        }
        catch (JsonException failure)
        {
            if (_lastLine.StartsWith(DemoApplication.ErrorPrefix, StringComparison.Ordinal))
            {
                throw new DemoException(
                    (ExitCode)exitCode, $"{_name}: {_lastLine[DemoApplication.ErrorPrefix.Length..]}", failure);
            }

            string how = exitCode == SignalBase + 9
                ? "was killed, most likely because the machine or container ran out of memory"
                : $"ended with exit code {exitCode}";
            throw new DemoException(
                ExitCode.Failed, $"the {_name} process {how}; its last line was: {_lastLine}", failure);
        }
    }
}
