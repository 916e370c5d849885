using System.CommandLine;
using System.CommandLine.Help;
using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadRuns.Peers;
using BoundedCache.LoadRuns.Processes;
using BoundedCache.LoadRuns.Rendering;
using BoundedCache.LoadRuns.Results;
using BoundedCache.LoadRuns.Runs;

namespace BoundedCache.LoadRuns.CommandLine;

/// <summary>The command line: four runs, each with its options.</summary>
internal sealed class LoadCommand
{
    private const int HelpWidth = 110;
    private const string DefaultOutput = "artifacts/load";

    private const string About = """
        Puts a real service under HTTP load from this process, changes its cache's limit meanwhile, and shows what
        its memory and its callers see of it. Everything runs on loopback and ends with this program.
        Needs /proc, so Linux.

        Each run writes load-NAME.txt, .svg and .json to --output, and its tables to standard output; progress goes
        to standard error. Exit code 0 when the run came to its end, whatever its figures are; 1 if something failed,
        2 if the command line asks for what cannot be done, 130 after Ctrl+C.
        Method, traps and figures: benchmarks/LOAD.md.
        """;

    private readonly RootCommand _root = new(About);

    private readonly Option<bool> _quick = new("--quick")
    {
        Description = "A few seconds at a small size, to see that it works. The figures say nothing.",
    };
    private readonly Option<string> _output =
        new("--output") { Description = $"Directory for the results. Default {DefaultOutput}.", HelpName = "DIR" };
    private readonly Option<bool> _serverGC =
        new("--server-gc") { Description = "Run the service under Server GC. Default Workstation." };
    private readonly Option<bool> _bytes =
        new("--bytes") { Description = "The service has a BoundedByteCache. Default a BoundedMemoryCache." };
    private readonly Option<int> _rate = Numbers.Count("--rate", "Requests a second from the built-in client.", 50_000);
    private readonly Option<int> _busy = Numbers.Count(
        "--busy", "Processes beside the services that each keep a processor busy. Default none.", 100);
    private readonly Option<double> _minutes = Numbers.Minutes(
        "--minutes", "How many minutes later the process is looked at again. Default 0.25.");
    private readonly Option<double> _duration = Numbers.Minutes(
        "--minutes", "For how many minutes the limit goes up and down. Default 5.");
    private readonly Option<double> _watch = Numbers.Minutes(
        "--minutes", "For how many minutes each service is watched. Default 0.5.");

    private readonly Option<string[]> _rows = new("--rows")
    {
        Description = "Only these rows; results of the others that are in --output stay. Of: "
            + $"{string.Join(", ", AllPeers.List.Select(static peer => peer.Name))}.",
        HelpName = "NAMES",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = static result =>
            Numbers.Names(result, "--rows", [.. AllPeers.List.Select(static peer => peer.Name)]),
    };

    private readonly Option<string> _cases = new("--cases")
    {
        Description = "Other services: 'too-high', 450 MiB in 640 for ten minutes; 'small', 128 and 256 MiB; "
            + "'fitting', the README's table.",
        HelpName = "too-high|small|fitting",
        CustomParser = static result =>
            Numbers.Names(result, "--cases", ["too-high", "small", "fitting"]).FirstOrDefault() ?? string.Empty,
    };

    private readonly Option<string> _tool = new("--with")
    {
        Description = "Let wrk add as much load as it can; the built-in client goes on measuring.",
        HelpName = string.Join('|', ToolLoad.Tools),
        CustomParser = static result =>
            Numbers.Names(result, "--with", ToolLoad.Tools).FirstOrDefault() ?? string.Empty,
    };

    private readonly string _command;

    /// <param name="arguments">As they were given, for the results' stamp.</param>
    public LoadCommand(IReadOnlyList<string> arguments)
    {
        // The command that repeats the run does not name the output directory.
        IEnumerable<string> telling = arguments.Where(
            (argument, index) => argument != "--output" && (index == 0 || arguments[index - 1] != "--output"));
        _command = string.Join(
            ' ', ["dotnet run -c Release --project benchmarks/BoundedCache.LoadRuns --", .. telling]);
        Add(
            "shrink", "A full cache's limit is lowered under load: BoundedCache, its byte cache, MemoryCache, Redis, "
                + "memcached.",
            ShrinkAsync, _rows, _minutes, _rate, _tool, _serverGC);
        Add(
            "sawtooth", "A limit goes up and down for minutes under load.", SawtoothAsync, _duration, _rate, _serverGC,
            _bytes);
        Add(
            "container",
            "A full cache in a memory control group takes 20,000 new entries a second: BoundedCache and MemoryCache.",
            ContainerAsync,
            _watch,
            _rate,
            _cases,
            _busy);
        Add(
            "pressure",
            "A service's other code takes memory in a memory control group and gives it back: BoundedCache and "
                + "MemoryCache.",
            PressureAsync,
            _rate);
        foreach (HelpOption help in _root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpAction { MaxWidth = HelpWidth };
        }
    }

    /// <summary>Reads the arguments and runs what they ask for.</summary>
    /// <exception cref="LoadException">They ask for what cannot be done, or the run failed.</exception>
    public async Task<ExitCode> InvokeAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        ParseResult result = _root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0)
        {
            throw new LoadException(ExitCode.Usage, result.UnmatchedTokens.Count == 0
                ? result.Errors[0].Message
                : $"'{result.UnmatchedTokens[0]}' is neither a run nor an option of one; --help lists those there are");
        }

        // Signals and exceptions are the application's own business.
        var invocation =
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return (ExitCode)await result.InvokeAsync(invocation, cancellationToken);
    }

    private void Add(string name, string about, Func<ParseResult, CancellationToken, Task> run, params Option[] options)
    {
        var command = new Command(name, about);
        foreach (Option option in (Option[])[.. options, _quick, _output])
        {
            command.Options.Add(option);
        }

        command.SetAction(async (result, cancellationToken) =>
        {
            if (!OperatingSystem.IsLinux())
            {
                throw new LoadException(ExitCode.Usage, "these runs read /proc, which only Linux has");
            }

            ResultFiles.EnsureWritable(OutputOf(result));
            await run(result, cancellationToken);
            return (int)ExitCode.Done;
        });
        _root.Subcommands.Add(command);
    }

    private async Task ShrinkAsync(ParseResult result, CancellationToken cancellationToken)
    {
        ShrinkOptions options = result.GetValue(_quick) ? ShrinkOptions.Quick : new ShrinkOptions();
        options = options with
        {
            RequestsPerSecond = Given(result, _rate, options.RequestsPerSecond),
            ServerGC = result.GetValue(_serverGC),
            Rows = Given(result, _rows, []),
            Tool = result.GetValue(_tool),
            Later = Given(result, _minutes, options.Later),
        };
        if (options.Tool is not null && PeerServer.Find(options.Tool) is null)
        {
            throw new LoadException(
                ExitCode.Usage,
                $"--with {options.Tool}: it is not installed (Debian: apt-get install wrk); leave --with out");
        }

        string name = options.ServerGC ? "shrink-server-gc" : "shrink";
        ShrinkResult? earlier = options.Rows.Count == 0 ? null : ResultFiles.Read<ShrinkResult>(OutputOf(result), name);
        ShrinkResult shrink = await new ShrinkRun(options, _command).RunAsync(earlier, cancellationToken);
        if (shrink.Rows.Count == 0)
        {
            throw new LoadException(ExitCode.Failed, "none of the rows could be run");
        }

        Write(result, name, shrink, ShrinkText.Write(shrink), Pictures.Draw(shrink));
    }

    private async Task SawtoothAsync(ParseResult result, CancellationToken cancellationToken)
    {
        SawtoothOptions options = result.GetValue(_quick) ? SawtoothOptions.Quick : new SawtoothOptions();
        options = options with
        {
            RequestsPerSecond = Given(result, _rate, options.RequestsPerSecond),
            ServerGC = result.GetValue(_serverGC),
            IsBytes = result.GetValue(_bytes),
            Duration = Given(result, _duration, options.Duration),
        };
        SawtoothResult sawtooth = await new SawtoothRun(options, _command).RunAsync(cancellationToken);
        string name = $"sawtooth{(options.IsBytes ? "-bytes" : "")}{(options.ServerGC ? "-server-gc" : "")}";
        Write(result, name, sawtooth, SawtoothText.Write(sawtooth), Pictures.Draw(sawtooth));
    }

    private async Task ContainerAsync(ParseResult result, CancellationToken cancellationToken)
    {
        if (MemoryGroup.WhyNot() is { } reason)
        {
            Missing.Say($"The container run is skipped: memory control groups cannot be made here ({reason}); "
                + "it takes Linux, the memory controller, and mostly root");
            return;
        }

        string cases = result.GetValue(_cases) ?? string.Empty;
        ContainerOptions options = result.GetValue(_quick) ? ContainerOptions.Quick
            : cases == "too-high" ? ContainerOptions.TooHigh
            : cases == "small" ? ContainerOptions.Small
            : cases == "fitting" ? ContainerOptions.Fitting
            : new ContainerOptions();
        options = options with
        {
            RequestsPerSecond = Given(result, _rate, options.RequestsPerSecond),
            Duration = Given(result, _watch, options.Duration),
            BusyProcesses = Given(result, _busy, options.BusyProcesses),
        };
        ContainerResult container = await new ContainerRun(options, _command).RunAsync(cancellationToken);
        string name = (cases.Length == 0 ? "container" : $"container-{cases}")
            + (options.BusyProcesses == 0 ? "" : "-busy");
        Write(result, name, container, ContainerText.Write(container), Pictures.Draw(container));
    }

    private async Task PressureAsync(ParseResult result, CancellationToken cancellationToken)
    {
        if (MemoryGroup.WhyNot() is { } reason)
        {
            Missing.Say($"The pressure run is skipped: memory control groups cannot be made here ({reason}); "
                + "it takes Linux, the memory controller, and mostly root");
            return;
        }

        PressureOptions options = result.GetValue(_quick) ? PressureOptions.Quick : new PressureOptions();
        options = options with { RequestsPerSecond = Given(result, _rate, options.RequestsPerSecond) };
        PressureResult pressure = await new PressureRun(options, _command).RunAsync(cancellationToken);
        Write(result, "pressure", pressure, PressureText.Write(pressure), Pictures.Draw(pressure));
    }

    private void Write<T>(ParseResult result, string name, T value, string text, string picture)
    {
        IReadOnlyList<string> files = ResultFiles.Write(OutputOf(result), name, value, text, picture);
        Console.Out.Write(text);
        Console.Error.WriteLine($"written: {string.Join(", ", files)}");
    }

    private string OutputOf(ParseResult result) => result.GetValue(_output) ?? DefaultOutput;

    private static T Given<T>(ParseResult result, Option<T> option, T otherwise) =>
        result.GetResult(option) is { Implicit: false } ? result.GetValue(option)! : otherwise;

    private static TimeSpan Given(ParseResult result, Option<double> minutes, TimeSpan otherwise) =>
        result.GetResult(minutes) is { Implicit: false } ? TimeSpan.FromMinutes(result.GetValue(minutes)) : otherwise;
}
