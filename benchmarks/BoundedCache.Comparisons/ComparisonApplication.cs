using System.CommandLine;
using BoundedCache.Comparisons.CommandLine;
using BoundedCache.Harness.Traces;

namespace BoundedCache.Comparisons;

/// <summary>
/// The program from its arguments to its exit code. Results go to <paramref name="output"/>, everything else to
/// <paramref name="error"/>.
/// </summary>
internal sealed class ComparisonApplication(TextWriter output, TextWriter error)
{
    public const string ErrorPrefix = "comparisons: ";

    public async Task<ExitCode> RunAsync(IReadOnlyList<string> args, CancellationToken cancellationToken)
    {
        try
        {
            if (args is ["--child", ..])
            {
                Child.Run([.. args.Skip(1)], output);
                return ExitCode.Done;
            }

            return await InvokeAsync(args, cancellationToken).ConfigureAwait(false);
        }
        catch (ComparisonException failure)
        {
            return Fail(failure.ExitCode, failure.Message);
        }
        catch (TraceException failure)
        {
            return Fail(ExitCode.Failed, failure.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Fail(ExitCode.Failed, failure.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Fail(ExitCode.Interrupted, "interrupted; no result was written");
        }
    }

    private async Task<ExitCode> InvokeAsync(IReadOnlyList<string> args, CancellationToken cancellationToken)
    {
        RootCommand root = LoadCommand.Create(args, output, error);

        // "@name" may be a trace; it is not a list of further arguments.
        ParseResult result = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0)
        {
            return Fail(ExitCode.Usage, Explain(result));
        }

        var invocation = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
            Output = output,
            Error = error,
        };
        return (ExitCode)await result.InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The first thing that is wrong, in one line: the rest is often a consequence of it.</summary>
    private static string Explain(ParseResult result) => result.UnmatchedTokens.Count == 0
        ? result.Errors[0].Message
        : $"there is no '{result.UnmatchedTokens[0]}' here; --help lists what there is";

    private ExitCode Fail(ExitCode exitCode, string message)
    {
        error.WriteLine($"{ErrorPrefix}{message.TrimEnd('.')}.");
        return exitCode;
    }
}
