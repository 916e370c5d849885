using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using BoundedCache.ExplainRss.Causes;

namespace BoundedCache.ExplainRss.CommandLine;

/// <summary>The command line as a whole: its description, its options, and what it runs.</summary>
internal sealed class ExplainCommand
{
    public const string AllCauses = "all";

    private const int HelpWidth = 110;
    private const long DefaultSizeBytes = 200L << 20;
    private const long LeastSizeBytes = 100L << 20;

    private static readonly string[] s_names = [.. Cause.All.Select(static cause => cause.Name), AllCauses];

    private readonly Argument<string> _cause = new("cause")
    {
        Description = $"What to build: one of the above, or {AllCauses}, each in a process of its own.",
        HelpName = "CAUSE",
    };

    private readonly Option<long> _size = new("--size")
    {
        Description = "How much memory the cause shall hold, about: bytes, or with a unit such as 500MB (1024 * 1024 "
            + $"bytes each). At least {ByteSize.Format(LeastSizeBytes)}, below which it would not stand out. "
            + $"Default {ByteSize.Format(DefaultSizeBytes)}.",
        HelpName = "SIZE",
        CustomParser = ParseSize,
    };

    private readonly Option<MemoryReportMode?> _mode = new("--mode")
    {
        Description = "observe reads only; collect runs a garbage collection to learn what is live. Default: "
            + "what the cause needs to be seen.",
        HelpName = "observe|collect",
        CustomParser = ParseMode,
    };

    private readonly Option<bool> _json =
        new("--json") { Description = "Write JSON to standard output, and nothing else." };

    private readonly RootCommand _root = new(About());

    public ExplainCommand(Func<ExplainOptions, ExitCode> run)
    {
        _root.Arguments.Add(_cause);
        foreach (Option option in (Option[])[_size, _mode, _json])
        {
            _root.Options.Add(option);
        }

        foreach (HelpOption help in _root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpAction { MaxWidth = HelpWidth };
        }

        _root.SetAction(result => (int)run(Read(result)));
    }

    /// <exception cref="ExplainException">The arguments ask for something impossible, or the run failed.</exception>
    public ExitCode Invoke(IReadOnlyList<string> arguments, TextWriter output)
    {
        ParseResult result = _root.Parse(arguments);
        if (result.Errors.Count > 0)
        {
            throw new ExplainException(ExitCode.Usage, Explain(result, arguments));
        }

        return (ExitCode)result.Invoke(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output });
    }

    private static string Explain(ParseResult result, IReadOnlyList<string> arguments) =>
        arguments.Count == 0 ? $"name a cause: {string.Join(", ", s_names)}; --help says what each is"
        : result.UnmatchedTokens.Count > 0
            ? $"'{result.UnmatchedTokens[0]}' is no option and no second cause; --help lists the options"
        : result.Errors[0].Message;

    private ExplainOptions Read(ParseResult result)
    {
        string name = result.GetValue(_cause)!;
        if (!s_names.Contains(name))
        {
            throw new ExplainException(ExitCode.Usage, $"'{name}' is none of {string.Join(", ", s_names)}");
        }

        long size = result.GetResult(_size) is { Implicit: false } ? result.GetValue(_size) : DefaultSizeBytes;
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (size > available / 2)
        {
            throw new ExplainException(
                ExitCode.Usage,
                $"--size {ByteSize.Format(size)} is too much for this machine or container, "
                    + $"whose heap may be {ByteSize.Format(available)}; give at most half of that");
        }

        return new ExplainOptions(
            Cause.All.FirstOrDefault(cause => cause.Name == name),
            size,
            result.GetValue(_mode),
            result.GetValue(_json));
    }

    private static long ParseSize(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        if (!ByteSize.TryParse(text, out long bytes))
        {
            result.AddError($"--size: '{text}' is not a size: bytes, or a number with a unit such as 500MB or 1.5GiB");
        }
        else if (bytes < LeastSizeBytes)
        {
            result.AddError(
                $"--size: '{text}' is too small to stand out; the least is {ByteSize.Format(LeastSizeBytes)}");
        }

        return bytes;
    }

    private static MemoryReportMode? ParseMode(ArgumentResult result)
    {
        switch (result.Tokens[^1].Value)
        {
            case "observe":
                return MemoryReportMode.Observe;
            case "collect":
                return MemoryReportMode.Collect;
            default:
                result.AddError($"--mode: '{result.Tokens[^1].Value}' is neither observe nor collect");
                return null;
        }
    }

    private static string About()
    {
        string causes = string.Join('\n', Cause.All.Select(static cause => $"  {cause.Name,-15}{cause.Description}"));
        return $"""
            Builds a reason for high RSS in this process, and prints the memory report that explains it:

            {causes}

            Exit code 0 whatever the report says, 1 if something failed,
            2 if the command line asks for what cannot be done.
            """;
    }
}
