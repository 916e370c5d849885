using System.Diagnostics;
using BoundedCache.ShrinkDemo.Comparison;

namespace BoundedCache.ShrinkDemo.Tests.EndToEnd;

/// <summary>The program as a process of its own, with both of its streams read.</summary>
internal sealed class DemoProcess : IDisposable
{
    private static readonly TimeSpan s_hung = TimeSpan.FromMinutes(3);

    private readonly System.Diagnostics.Process _process;
    private readonly Task<string> _output;
    private readonly List<string> _errorLines = [];
    private readonly Task _error;
    private readonly TaskCompletionSource _sawLine = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string? _awaitedLine;

    /// <param name="awaitedLine">
    /// How the line on standard error begins that <see cref="WaitForLineAsync"/> waits for.
    /// </param>
    /// <param name="arguments">The program's arguments.</param>
    public DemoProcess(string? awaitedLine, params string[] arguments)
    {
        _awaitedLine = awaitedLine;
        ProcessStartInfo start = OwnProgram.StartInfo(arguments);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = System.Diagnostics.Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = ReadErrorAsync();
    }

    public int Id => _process.Id;

    public Task WaitForLineAsync() => _sawLine.Task.WaitAsync(s_hung);

    public async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        try
        {
            string output = await _output.WaitAsync(s_hung);
            await _error.WaitAsync(s_hung);
            await _process.WaitForExitAsync().WaitAsync(s_hung);
            return (_process.ExitCode, output, string.Join('\n', _errorLines));
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException(
                $"Expected an end within {s_hung}. The process has {(_process.HasExited ? "" : "not ")}exited. "
                    + $"Its standard error so far: {string.Join('\n', _errorLines.ToArray())}",
                timeout);
        }
    }

    /// <summary>What Ctrl+C does.</summary>
    public async Task InterruptAsync()
    {
        using System.Diagnostics.Process kill = System.Diagnostics.Process.Start("kill", ["-INT", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private async Task ReadErrorAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            _errorLines.Add(line);
            if (_awaitedLine is not null && line.StartsWith(_awaitedLine, StringComparison.Ordinal))
            {
                _sawLine.TrySetResult();
            }
        }

        _sawLine.TrySetException(new InvalidOperationException(
            $"It ended without the line '{_awaitedLine}': {string.Join('\n', _errorLines)}"));
    }
}
