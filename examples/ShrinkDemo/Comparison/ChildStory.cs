using System.ComponentModel;
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
        try
        {
            OwnProgramEnd end = await OwnProgram.RunAsync(
                typeof(ChildStory).Assembly,
                ChildArguments.For(options),
                onError: line => RelayAsync(line, cancellationToken),
                cancellationToken: cancellationToken).ConfigureAwait(false);
            return Read(end.Output, end.ExitCode);
        }
        catch (Win32Exception failure)
        {
            throw new DemoException(
                ExitCode.Failed,
                $"the {_name} process cannot be started for the comparison: {failure.Message}",
                failure);
        }
    }

    private async Task RelayAsync(string line, CancellationToken cancellationToken)
    {
        _lastLine = line;

        // Its errors are reported as this process's own.
        if (!line.StartsWith(DemoApplication.ErrorPrefix, StringComparison.Ordinal))
        {
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
