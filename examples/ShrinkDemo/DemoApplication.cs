using BoundedCache.Harness.Traces;
using BoundedCache.ShrinkDemo.Caches;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Comparison;
using BoundedCache.ShrinkDemo.Rendering;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo;

/// <summary>The program from its arguments to its exit code. Every failure is reported in one line.</summary>
internal sealed class DemoApplication(DemoTerminal terminal)
{
    /// <summary>The beginning of a line on standard error that says why there is no result.</summary>
    public const string ErrorPrefix = "ShrinkDemo: ";

    public async Task<ExitCode> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await new DemoCommand(ExecuteAsync)
                .InvokeAsync(arguments, terminal.Output, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (DemoException failure)
        {
            terminal.Error.WriteLine($"{ErrorPrefix}{failure.Message.TrimEnd('.')}.");
            return failure.ExitCode;
        }
        catch (TraceException failure)
        {
            terminal.Error.WriteLine($"{ErrorPrefix}{failure.Message.TrimEnd('.')}.");
            return ExitCode.Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            terminal.Error.WriteLine(ErrorPrefix + "interrupted; no result was written.");
            return ExitCode.Interrupted;
        }
        catch (OutOfMemoryException)
        {
            terminal.Error.WriteLine(ErrorPrefix + "out of memory; a smaller --max-memory leaves more room.");
            return ExitCode.Failed;
        }
    }

    private Task<ExitCode> ExecuteAsync(DemoOptions options, CancellationToken cancellationToken) =>
        options.Compare ? CompareAsync(options, cancellationToken) : TellAsync(options, cancellationToken);

    private async Task<ExitCode> TellAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        await Rehearsal.RunAsync(options, terminal.ShowProgressToNobody, cancellationToken).ConfigureAwait(false);
        using IDemoCache cache = DemoCacheFactory.Create(options);
        DemoResult result = await terminal.ShowProgress(cache)
            .ShowAsync(observer => new StoryTeller(options, cache, observer, cancellationToken).TellAsync())
            .ConfigureAwait(false);

        // Pictures first: if they cannot be written there is one error, and no partial result.
        IReadOnlyList<string> pictures = options.OutputDirectory is null
            ? []
            : PictureFiles.Write(options.OutputDirectory, result);
        if (options.Json)
        {
            terminal.Output.WriteLine(JsonReport.Write(result));
        }
        else
        {
            TerminalReport.Write(terminal.OutputConsole, result, pictures);
        }

        return result.Faults.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private async Task<ExitCode> CompareAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        ComparisonResult result = await new ComparisonRun(options, terminal.Error)
            .RunAsync(cancellationToken)
            .ConfigureAwait(false);
        IReadOnlyList<string> pictures = options.OutputDirectory is null
            ? []
            : PictureFiles.Write(options.OutputDirectory, result);
        if (options.Json)
        {
            terminal.Output.WriteLine(JsonReport.Write(result));
        }
        else
        {
            ComparisonTerminalReport.Write(terminal.OutputConsole, result, pictures);
        }

        return result.BoundedCache.Faults.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
