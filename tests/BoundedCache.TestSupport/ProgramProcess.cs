using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace BoundedCache.TestSupport;

/// <summary>
/// A program in its own process, of this repository or another, without a terminal. Its output is kept line by line. If
/// it is still running when it is disposed, it is killed, and what it started too. All tests start programs by it,
/// except where they type into a terminal.
/// </summary>
public sealed class ProgramProcess : IDisposable
{
    /// <summary>After this time something hangs; it is far longer than anything takes, on a busy machine too.</summary>
    public static readonly TimeSpan Hung = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly string _program;
    private readonly System.Diagnostics.Process _process;
    private readonly List<string> _lines = [];
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly Task _reading;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="project">
    /// The program's directory below the repository's root, for example <c>examples/WebApi</c>.
    /// </param>
    /// <param name="arguments">The program's arguments.</param>
    public ProgramProcess(string project, params string[] arguments)
        : this(project, new Dictionary<string, string>(), arguments)
    {
    }

    /// <param name="project">
    /// The program's directory below the repository's root, for example <c>examples/WebApi</c>.
    /// </param>
    /// <param name="environment">Environment variables, in addition to those of the tests that are no settings.</param>
    /// <param name="arguments">The program's arguments.</param>
    public ProgramProcess(string project, IReadOnlyDictionary<string, string> environment, params string[] arguments)
        : this(
            Path.GetFileName(project),
            new ProcessStartInfo(Dotnet, [AssemblyOf(project), .. arguments]),
            environment.Select(static pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)))
    {
    }

    private ProgramProcess(
        string program, ProcessStartInfo start, IEnumerable<KeyValuePair<string, string?>> environment)
    {
        _program = program;
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;

        // Settings in the tests' own environment would configure the program.
        foreach (string name in start.Environment.Keys.Where(IsSetting).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = System.Diagnostics.Process.Start(start)
            ?? throw new InvalidOperationException($"{_program} did not start.");
        _process.StandardInput.Close();
        _reading = Task.WhenAll(
            ReadAsync(_process.StandardOutput, _output), ReadAsync(_process.StandardError, _errors));
    }

    /// <summary>The <c>dotnet</c> command that runs the tests.</summary>
    public static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it has written to standard output and then to standard error so far.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
            {
                return _output.ToString() + _errors;
            }
        }
    }

    /// <summary>Starts a program that is none of the repository.</summary>
    /// <param name="program">Its path, or its name where it is on the PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="directory">The directory that it runs in; that of the tests where it is null.</param>
    /// <param name="environment">
    /// Environment variables, in addition to those of the tests that are no settings; null takes one away.
    /// </param>
    public static ProgramProcess Start(
        string program,
        IEnumerable<string> arguments,
        string? directory = null,
        IEnumerable<KeyValuePair<string, string?>>? environment = null) =>
        new(
            Path.GetFileName(program),
            new ProcessStartInfo(program, arguments) { WorkingDirectory = directory ?? "" },
            environment ?? []);

    /// <summary>Runs a program to its end.</summary>
    /// <inheritdoc cref="ProgramProcess(string, string[])"/>
    public static Task<ProgramEnd> RunAsync(string project, params string[] arguments) =>
        RunAsync(project, new Dictionary<string, string>(), arguments);

    /// <summary>Runs a program to its end.</summary>
    /// <inheritdoc cref="ProgramProcess(string, IReadOnlyDictionary{string, string}, string[])"/>
    public static async Task<ProgramEnd> RunAsync(
        string project, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = new ProgramProcess(project, environment, arguments);
        return await process.EndAsync();
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
            lock (_lock)
            {
                more = _more.Task;
                if (_lines.Find(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
                {
                    return found[(found.IndexOf(text, StringComparison.Ordinal) + text.Length)..];
                }
            }

            if (ended || limit.IsCancellationRequested)
            {
                throw new InvalidOperationException($"Expected a line with '{text}', got:\n{Output}");
            }

            await Task.WhenAny(more, _reading, Task.Delay(Timeout.Infinite, limit.Token));
        }
    }

    /// <summary>Waits for the process to end.</summary>
    /// <exception cref="TimeoutException">It has not ended after <see cref="Hung"/>.</exception>
    public async Task<ProgramEnd> EndAsync()
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(Hung);
            await _reading.WaitAsync(Hung);
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException(
                $"Expected the end of {_program} within {Hung}. Its output so far:\n{Output}", timeout);
        }

        return new ProgramEnd(_process.ExitCode, _output.ToString(), _errors.ToString());
    }

    /// <summary>Sends it a signal by name: <c>INT</c> is what Ctrl+C does.</summary>
    public async Task SignalAsync(string signal)
    {
        using ProgramProcess kill = Start("kill", [$"-{signal}", Id.ToString(CultureInfo.InvariantCulture)]);
        ProgramEnd end = await kill.EndAsync();
        if (end.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"kill -{signal} ended with exit code {end.ExitCode}: {end.Errors}\n{Output}");
        }
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
    /// The program in its own build directory, with the assemblies that it really uses, not those of the tests.
    /// </summary>
    public static string AssemblyOf(string project)
    {
        string root = SourceTree.FindRoot();
        string own = Path.GetRelativePath(Path.Combine(root, "tests"), AppContext.BaseDirectory);
        string build = own[(own.IndexOf(Path.DirectorySeparatorChar, StringComparison.Ordinal) + 1)..];
        return Path.Combine(root, project, build, $"{Path.GetFileName(project)}.dll");
    }

    /// <summary>
    /// Whether a variable configures .NET, its collector, malloc, the tool, or a host whose configuration reads the
    /// environment (<c>Section__Name</c>).
    /// </summary>
    private static bool IsSetting(string name) =>
        name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("BOUNDEDCACHE_", StringComparison.Ordinal)
        || name.StartsWith("COMPlus_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("CORECLR_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("DOTNET_gc", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("MALLOC_", StringComparison.Ordinal)
        || name.Contains("__", StringComparison.Ordinal)
        || name.ToUpperInvariant() is "PORT" or "DOTNET_ENVIRONMENT" or "DOTNET_STARTUP_HOOKS";

    private async Task ReadAsync(StreamReader stream, StringBuilder kept)
    {
        while (await stream.ReadLineAsync() is { } line)
        {
            TaskCompletionSource reached;
            lock (_lock)
            {
                kept.Append(line).Append('\n');
                _lines.Add(line);
                reached = _more;
                _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            reached.SetResult();
        }
    }
}

/// <summary>How a program ended, and all that it wrote, a newline after every line.</summary>
public sealed record ProgramEnd(int ExitCode, string Output, string Errors);
