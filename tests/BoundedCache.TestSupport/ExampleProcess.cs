using System.Diagnostics;

namespace BoundedCache.TestSupport;

/// <summary>
/// An example that runs in its own process, and whose output is kept line by line. If it is still running when it is
/// disposed, it is killed.
/// </summary>
public sealed class ExampleProcess : IDisposable
{
    /// <summary>After this time something hangs; it is far longer than anything takes.</summary>
    public static readonly TimeSpan Hung = TimeSpan.FromMinutes(2);

    private readonly System.Diagnostics.Process _process;
    private readonly List<string> _lines = [];
    private readonly Task _reading;
    private readonly Task<string> _errors;
    private TaskCompletionSource _moreLines = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="program">The example's name.</param>
    /// <param name="arguments">The program's arguments.</param>
    public ExampleProcess(string program, params string[] arguments)
        : this(program, new Dictionary<string, string>(), arguments)
    {
    }

    /// <param name="program">The example's name.</param>
    /// <param name="environment">Environment variables, in addition to those of the tests that are no settings.</param>
    /// <param name="arguments">The program's arguments.</param>
    public ExampleProcess(string program, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [AssemblyOf(program), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Settings in the tests' own environment would configure the example.
        foreach (string name in start.Environment.Keys.Where(IsSetting).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = System.Diagnostics.Process.Start(start)
            ?? throw new InvalidOperationException($"{program} did not start.");
        _errors = _process.StandardError.ReadToEndAsync();
        _reading = ReadAsync();
    }

    /// <summary>Its output so far, and its errors if it has ended.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines) + (_errors.IsCompletedSuccessfully ? _errors.Result : string.Empty);
            }
        }
    }

    /// <summary>Waits for a line with this text, and returns the rest of the line after it.</summary>
    /// <exception cref="InvalidOperationException">
    /// The output ended, or the time ran out, before such a line came.
    /// </exception>
    public async Task<string> WaitForAsync(string text)
    {
        using var limit = new CancellationTokenSource(Hung);
        while (true)
        {
            bool ended = _reading.IsCompleted;
            Task more;
            lock (_lines)
            {
                more = _moreLines.Task;
                if (_lines.Find(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
                {
                    return found[(found.IndexOf(text, StringComparison.Ordinal) + text.Length)..];
                }
            }

            if (ended || limit.IsCancellationRequested)
            {
                throw new InvalidOperationException($"There was no line with '{text}', but:\n{Output}");
            }

            await Task.WhenAny(more, _reading, Task.Delay(Timeout.Infinite, limit.Token));
        }
    }

    /// <summary>Waits for the process to end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Hung);
        await Task.WhenAll(_reading, _errors).WaitAsync(Hung);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(Hung);
        }

        _process.Dispose();
    }

    /// <summary>
    /// The program in its own build directory, with the assemblies that it really uses, not
    /// those of the tests.
    /// </summary>
    private static string AssemblyOf(string program)
    {
        string own = Path.GetRelativePath(Path.Combine(SourceTree.FindRoot(), "tests"), AppContext.BaseDirectory);
        string output = own[(own.IndexOf(Path.DirectorySeparatorChar, StringComparison.Ordinal) + 1)..];
        return Path.Combine(SourceTree.FindRoot(), "examples", program, output, $"{program}.dll");
    }

    /// <summary>
    /// Whether a variable configures .NET, or a host whose configuration reads the environment (<c>Section__Name</c>).
    /// </summary>
    private static bool IsSetting(string name) =>
        name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("CORECLR_", StringComparison.OrdinalIgnoreCase)
        || name.Contains("__", StringComparison.Ordinal)
        || name.ToUpperInvariant() is "PORT" or "DOTNET_ENVIRONMENT" or "DOTNET_STARTUP_HOOKS";

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            TaskCompletionSource reached;
            lock (_lines)
            {
                _lines.Add(line);
                reached = _moreLines;
                _moreLines = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            reached.SetResult();
        }
    }
}
