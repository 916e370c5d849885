using System.CommandLine;
using System.CommandLine.Help;

namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>The command line as a whole: its description, its options, and what it runs.</summary>
internal sealed class DemoCommand
{
    private const int HelpWidth = 110;

    private const string About = """
        Fills a cache up to its limit, lowers the limit, and shows whether the process's memory follows:

          1 start, with nothing cached             4 memory is released to the operating system
          2 entries are written through the limit  5 the limit is lowered to 1 byte, and memory released
          3 the limit is lowered, nothing else     6 the limit is raised and the cache used again

        After each stage: entries, cache bytes, live heap, committed heap, RSS, time, GC pause.
        At the end: a verdict, a report that takes RSS apart, and a picture. Exit code 0 whatever the verdict is,
        1 if something failed, 2 if the command line asks for what cannot be done, 130 after Ctrl+C.

        Sizes are bytes or have a unit: 65536, 100MB, 1.5GiB. MB and MiB both mean 1024 * 1024 bytes.
        """;

    private readonly RootCommand _root = new(About);

    /// <param name="run">Runs valid options.</param>
    public DemoCommand(Func<DemoOptions, CancellationToken, Task<ExitCode>> run)
    {
        var options = new DemoOptionSet();
        options.AddTo(_root);
        foreach (HelpOption help in _root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpAction { MaxWidth = HelpWidth };
        }

        _root.SetAction(
            async (result, cancellation) => (int)await run(options.Read(result), cancellation).ConfigureAwait(false));
    }

    /// <summary>Reads the arguments and runs what they ask for.</summary>
    /// <exception cref="DemoException">They ask for something that cannot be done, or the run failed.</exception>
    public async Task<ExitCode> InvokeAsync(
        IReadOnlyList<string> arguments, TextWriter output, CancellationToken cancellationToken)
    {
        // "@name" may be a file to replay; it is not a list of further arguments.
        ParseResult result = _root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0)
        {
            throw new DemoException(ExitCode.Usage, Explain(result));
        }

        // The application handles signals and exceptions itself.
        var invocation = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
            Output = output,
        };
        return (ExitCode)await result.InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The first error, in one line: the others often follow from it.</summary>
    private static string Explain(ParseResult result) =>
        result.UnmatchedTokens.Count == 0
            ? result.Errors[0].Message
            : result.UnmatchedTokens[0].StartsWith('-')
                ? $"there is no option '{result.UnmatchedTokens[0]}'; --help lists those there are"
                : $"'{result.UnmatchedTokens[0]}' belongs to no option; --help lists the options";
}
