using System.Text.Json.Nodes;
using BoundedCache.ExplainRss.Causes;
using BoundedCache.ExplainRss.CommandLine;
using BoundedCache.ExplainRss.Rendering;

namespace BoundedCache.ExplainRss;

/// <summary>The program from its arguments to its exit code. Every failure is reported in one line.</summary>
internal sealed class ExplainApplication(TextWriter output, TextWriter error, bool isTerminal)
{
    /// <summary>The beginning of a line on standard error that says why there is no result.</summary>
    public const string ErrorPrefix = "ExplainRss: ";

    private readonly ResultWriter _writer = new(output, isTerminal);

    public ExitCode Run(IReadOnlyList<string> arguments)
    {
        try
        {
            return new ExplainCommand(Execute).Invoke(arguments, output);
        }
        catch (ExplainException failure)
        {
            error.WriteLine($"{ErrorPrefix}{failure.Message.TrimEnd('.')}.");
            return failure.ExitCode;
        }
        catch (OutOfMemoryException)
        {
            error.WriteLine(ErrorPrefix + "out of memory; a smaller --size leaves more room.");
            return ExitCode.Failed;
        }
    }

    private ExitCode Execute(ExplainOptions options) =>
        options.Cause is null ? ExplainAll(options) : Explain(options.Cause, options);

    private ExitCode Explain(Cause cause, ExplainOptions options)
    {
        MemoryReportMode mode = options.Mode
            ?? (cause.NeedsCollection ? MemoryReportMode.Collect : MemoryReportMode.Observe);

        // An empty process includes the code of the report. The first report loads it; the second one counts it.
        MemoryReport.Capture(mode);
        MemoryReport empty = MemoryReport.Capture(mode);
        try
        {
            cause.Build(options.SizeBytes);
            ProcessMemorySnapshot status = ProcessMemorySnapshot.Take();
            MemoryReport report = MemoryReport.Capture(mode);
            var result = new ExplainResult(
                cause, options.SizeBytes, status, ProcessMemorySnapshot.Take(), empty, report);
            if (options.Json)
            {
                _writer.WriteJson(result.ToJson());
            }
            else
            {
                _writer.Write(result);
            }
        }
        finally
        {
            cause.LetGo();
        }

        return ExitCode.Done;
    }

    private ExitCode ExplainAll(ExplainOptions options)
    {
        var all = new JsonArray();
        foreach (Cause cause in Cause.All.Where(static cause => cause is not HugePages || HugePages.IsPossible))
        {
            string text = OwnProcess.Run(cause, options);
            if (options.Json)
            {
                all.Add(JsonNode.Parse(text));
            }
            else
            {
                output.WriteLine(text);
            }
        }

        if (options.Json)
        {
            _writer.WriteJson(all);
        }

        return ExitCode.Done;
    }
}
