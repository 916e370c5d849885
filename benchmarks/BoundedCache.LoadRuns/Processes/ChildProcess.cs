using System.ComponentModel;
using System.Diagnostics;

namespace BoundedCache.LoadRuns.Processes;

/// <summary>
/// A process that this run started: its lines are kept, and it ends with the run, however that ends, because
/// its standard input does.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int MostLines = 2000;

    private static readonly TimeSpan s_start = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_end = TimeSpan.FromSeconds(10);

    private readonly System.Diagnostics.Process _process;
    private readonly string _name;
    private readonly List<string> _lines = [];
    private readonly Task _reading;
    private bool _isDisposed;

    private ChildProcess(System.Diagnostics.Process process, string name)
    {
        _process = process;
        _name = name;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it ended with, in words; null while it runs.</summary>
    public string? End => !HasExited ? null : _process.ExitCode switch
    {
        0 => "ended",
        134 => "aborted by its runtime (SIGABRT)",
        137 => "killed (SIGKILL), as the kernel does when a memory group is full",
        139 => "crashed (SIGSEGV)",
        var code => $"ended with exit code {code}",
    };

    /// <summary>What it printed so far, to standard output and error.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <exception cref="LoadException">The program does not start.</exception>
    public static ChildProcess Start(
        string name, string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The settings of this process's runtime, and what else ASP.NET Core would read, are not the child's.
        foreach (string variable in start.Environment.Keys.Where(IsSetting).ToArray())
        {
            start.Environment.Remove(variable);
        }

        foreach ((string variable, string value) in environment)
        {
            start.Environment[variable] = value;
        }

        try
        {
            return new ChildProcess(System.Diagnostics.Process.Start(start)!, name);
        }
        catch (Win32Exception failure)
        {
            throw new LoadException(ExitCode.Failed, $"{name} cannot be started: {failure.Message}", failure);
        }
    }

    /// <summary>Waits for a line with this text, and returns what follows it on the line.</summary>
    /// <exception cref="LoadException">It ends without one, or takes too long.</exception>
    public async Task<string> WaitForAsync(string text, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < s_start)
        {
            bool isOver = _reading.IsCompleted;
            if (Lines.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
            {
                return found[(found.IndexOf(text, StringComparison.Ordinal) + text.Length)..].Trim();
            }

            if (isOver)
            {
                break;
            }

            await Task.Delay(20, cancellationToken);
        }

        throw new LoadException(ExitCode.Failed, $"{_name} did not start: {string.Join(" | ", Lines.TakeLast(5))}");
    }

    /// <summary>Waits for its end, so long and no longer.</summary>
    public async Task<bool> WaitForExitAsync(TimeSpan atMost)
    {
        using var timeout = new CancellationTokenSource(atMost);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        if (!await WaitForExitAsync(s_end))
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        await Task.WhenAny(_reading, Task.Delay(s_end));
        _process.Dispose();
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("DOTNET_gc", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Logging__", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("CORECLR_", StringComparison.OrdinalIgnoreCase)
        || name.ToUpperInvariant() is "DOTNET_ENVIRONMENT" or "DOTNET_STARTUP_HOOKS" or "URLS";

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lines)
            {
                if (_lines.Count < MostLines)
                {
                    _lines.Add(line);
                }
            }
        }
    }
}
