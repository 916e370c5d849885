using System.CommandLine;
using System.Globalization;

namespace BoundedCache.Tool;

/// <summary>The command line: its commands and options, and what they run.</summary>
internal sealed class ToolCommands
{
    private const string KeyVariable = "BOUNDEDCACHE_KEY";
    private const string UrlVariable = "BOUNDEDCACHE_URL";
    private const string NoMode = "Makes no difference for a byte cache.";

    private readonly Option<string[]> _urls = new("--url", "-u")
    {
        Description = "The address of a service's admin page; may be given several times. Default: the environment "
            + $"variable {UrlVariable}, or http://127.0.0.1:5000/admin/cache.",
        HelpName = "URL",
        Recursive = true,
    };

    private readonly Option<string?> _keyFile = new("--key-file")
    {
        Description = $"A file with the key. Default: the environment variable {KeyVariable}. A key is never an "
            + "argument: others on the machine can read those.",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<string> _keyHeader = new("--key-header")
    {
        Description = "The header that carries the key. Default X-Api-Key. With Authorization the key is the whole "
            + "value, 'Bearer …'.",
        HelpName = "NAME",
        DefaultValueFactory = static _ => "X-Api-Key",
        Recursive = true,
    };

    private readonly Option<string?> _ca = new("--ca")
    {
        Description = "A PEM file of certificate authorities to trust besides the machine's.",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<double> _timeout = NumberOption(
        "--timeout", "How long to wait for an answer, in seconds. Default 30.", 30, "seconds such as 2.5");

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Write the answers as JSON, an object for each service.",
        Recursive = true,
    };

    private readonly TextWriter _errors;
    private readonly Operations _operations;
    private readonly RootCommand _root = new("""
        Watches and changes the caches of running services, over their admin API.
        Exit codes: 0 done, 1 refused or failed, 2 wrong arguments, 3 no answer, 4 not authorized, 5 not confirmed,
        130 interrupted.
        """);

    public ToolCommands(TextWriter output, TextWriter errors)
    {
        _errors = errors;
        (_timeout.HelpName, _timeout.Recursive) = ("SECONDS", true);
        _operations = new Operations(output, errors, TimeProvider.System);
        foreach (Option option in (Option[])[_urls, _keyFile, _keyHeader, _ca, _timeout, _json])
        {
            _root.Options.Add(option);
        }

        Argument<string> name = new("NAME") { Description = "The name of the cache. Case matters." };
        Argument<string?> some = new("NAME")
        {
            Description = "The name of a cache; left out for all.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> yes = new("--yes", "-y") { Description = "Do not ask." };
        Add("caches", "All caches: limit, use, entries, hit ratio.", [], [], _operations.CachesAsync);
        Option<double> interval = NumberOption(
            "--interval", "Seconds between two looks. Default 1.", 1, "seconds such as 0.5");
        Option<int> times = new("--count") { Description = "End after so many looks; 0 for never, the default." };
        Add("watch", "A table that follows the caches, until Ctrl+C.", [], [interval, times], (call, result) =>
            _operations.WatchAsync(call, result.GetValue(interval), result.GetValue(times)));
        Argument<string> limit = new("LIMIT") { Description = "The new limit: 512MB, 1.5GiB, or bytes." };
        Option<string?> mode =
            new("--release") { Description = $"How memory is given back: full, gentle or none. {NoMode}" };
        mode.AcceptOnlyFromAmong("full", "gentle", "none");
        Option<bool> all = new("--all")
        {
            Description = "One service after the other, with a pause between them. Stops at the first failure and says "
                + "which were changed.",
        };
        Option<string?> stagger = new("--stagger")
        {
            Description = "The pause of --all: 10s, 2m, 500ms. Default 10s.",
            HelpName = "TIME",
        };
        Add("limit", "Sets a cache's limit: says what goes, asks, and reports.", [name, limit],
            [mode, all, stagger, yes], (call, result) => _operations.LimitAsync(
                call, result.GetValue(name)!, result.GetValue(limit)!, result.GetValue(mode), result.GetValue(yes),
                StaggerOf(result.GetValue(all), result.GetValue(stagger))));
        Option<string?> how = new("--release") { Description = $"How: full or gentle. {NoMode}" };
        how.AcceptOnlyFromAmong("full", "gentle");
        Add("release", "Gives memory back; evicts nothing.", [name], [how, yes], (call, result) =>
            _operations.ReleaseAsync(
                call, result.GetValue(name)!, result.GetValue(how), result.GetValue(yes)));
        Option<double> percent = NumberOption(
            "--percent",
            "The share of the entries to remove, above 0 and up to 100. Default 25.",
            25,
            "a number such as 2.5");
        Add("compact", "Removes a share of the entries, in the order of the policy.", [name], [percent, yes],
            (call, result) => _operations.CompactAsync(
                call, result.GetValue(name)!, result.GetValue(percent), result.GetValue(yes)));
        Add("clear", "Removes all entries.", [name], [yes], (call, result) =>
            _operations.ClearAsync(call, result.GetValue(name)!, result.GetValue(yes)));
        Option<bool> collect =
            new("--collect") { Description = "Collect garbage first. Stops the process for a moment." };
        Add("memory", "Where the process's memory is, and what to do.", [], [collect], (call, result) =>
            _operations.MemoryAsync(call, result.GetValue(collect)));
        Add("types", "Which types hold a cache's bytes, largest first; and which beginnings of keys, where the service "
            + "shows them.", [name], [], (call, result) => _operations.TypesAsync(call, result.GetValue(name)!));
        Option<bool> csv = new("--csv") { Description = "Write samples as CSV: a line for each time and cache." };
        Option<string?> since =
            new("--since") { Description = "Only what came after this time, 2026-01-31T20:34:21Z." };
        Add("history", "Who changed what; with --csv the last day's samples.", [some], [csv, since], (call, result) =>
            _operations.HistoryAsync(
                call, result.GetValue(some), result.GetValue(csv), result.GetValue(since)));
    }

    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> InvokeAsync(IReadOnlyList<string> arguments)
    {
        ParseResult result = _root.Parse(arguments);
        if (result.Errors.Count > 0)
        {
            await _errors.WriteLineAsync($"{result.Errors[0].Message} (--help lists commands and options.)");
            return (int)ExitCode.Usage;
        }

        using var interrupt = new CancellationTokenSource();
        ConsoleCancelEventHandler onInterrupt = (_, pressed) =>
        {
            // The second one ends the process.
            pressed.Cancel = !interrupt.IsCancellationRequested;
            interrupt.Cancel();
        };
        Console.CancelKeyPress += onInterrupt;
        try
        {
            return await result.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                interrupt.Token);
        }
        catch (ToolException exception)
        {
            await _errors.WriteLineAsync(exception.Message);
            return (int)exception.Code;
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            return (int)ExitCode.Interrupted;
        }
        finally
        {
            Console.CancelKeyPress -= onInterrupt;
        }
    }

    private void Add(
        string name,
        string description,
        Argument[] arguments,
        Option[] options,
        Func<Call, ParseResult, Task<ExitCode>> run)
    {
        var command = new Command(name, description);
        Array.ForEach(arguments, command.Arguments.Add);
        Array.ForEach(options, command.Options.Add);
        command.SetAction(async (result, cancellationToken) =>
            (int)await run(new Call(ConnectionOf(result), result.GetValue(_json), cancellationToken), result));
        _root.Subcommands.Add(command);
    }

    private void Add(
        string name, string description, Argument[] arguments, Option[] options, Func<Call, Task<ExitCode>> run) =>
        Add(name, description, arguments, options, (call, _) => run(call));

    private Connection ConnectionOf(ParseResult result)
    {
        string[] given = result.GetValue(_urls) is { Length: > 0 } urls
            ? urls
            : [Environment.GetEnvironmentVariable(UrlVariable) ?? "http://127.0.0.1:5000/admin/cache"];
        double seconds = result.GetValue(_timeout);
        if (seconds is not (> 0 and <= 86400))
        {
            throw new ToolException(
                ExitCode.Usage,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"--timeout: expected seconds above 0 and up to 86400, got {seconds}."));
        }

        return new Connection(
            [.. given.Select(ParseUrl)],
            ReadKey(result.GetValue(_keyFile)),
            result.GetValue(_keyHeader)!,
            result.GetValue(_ca),
            TimeSpan.FromSeconds(seconds));
    }

    /// <summary>
    /// An option that takes digits with a decimal point, in every culture. A comma, which some read as a decimal one
    /// and others as a separator of thousands, is refused.
    /// </summary>
    private static Option<double> NumberOption(string name, string description, double preset, string expected) =>
        new(name)
        {
            Description = description,
            DefaultValueFactory = _ => preset,
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                if (!double.TryParse(
                        text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                    || !double.IsFinite(number))
                {
                    result.AddError($"{name}: expected {expected}, got '{text}'.");
                }

                return number;
            },
        };

    private static TimeSpan? StaggerOf(bool isAll, string? text) => (isAll, text) switch
    {
        (true, _) => Rollout.ParseStagger(text ?? "10s"),
        (false, null) => null,
        _ => throw new ToolException(ExitCode.Usage, "--stagger: expected --all beside it."),
    };

    private static Uri ParseUrl(string text) =>
        Uri.TryCreate($"{text.TrimEnd('/')}/", UriKind.Absolute, out Uri? url)
        && url.Scheme is "http" or "https"
            ? url
            : throw new ToolException(
                ExitCode.Usage, $"--url: expected a URL such as http://127.0.0.1:5000/admin/cache, got '{text}'.");

    private static string? ReadKey(string? file)
    {
        if (file is null)
        {
            return Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key ? key.Trim() : null;
        }

        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } read
                ? read
                : throw new ToolException(ExitCode.Usage, $"--key-file: expected a key, got an empty file '{file}'.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(ExitCode.Usage, $"--key-file: {exception.Message}");
        }
    }
}

/// <summary>One call of the tool.</summary>
internal sealed record Call(Connection Connection, bool IsJson, CancellationToken Cancellation);
