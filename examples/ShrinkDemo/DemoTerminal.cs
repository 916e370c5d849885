using System.Text;
using BoundedCache.ShrinkDemo.Caches;
using BoundedCache.ShrinkDemo.Progress;
using Spectre.Console;

namespace BoundedCache.ShrinkDemo;

/// <summary>
/// The program's output: results to standard output, everything else to standard error. Each uses the
/// terminal features that its stream supports.
/// </summary>
internal sealed class DemoTerminal
{
    /// <summary>Wide enough for the tables if there is no terminal to give a width.</summary>
    private const int PlainWidth = 140;

    private readonly bool _errorIsTerminal;

    private DemoTerminal(
        TextWriter output,
        TextWriter error,
        IAnsiConsole outputConsole,
        IAnsiConsole errorConsole,
        bool errorIsTerminal)
    {
        Output = output;
        Error = error;
        OutputConsole = outputConsole;
        ErrorConsole = errorConsole;
        _errorIsTerminal = errorIsTerminal;
    }

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    public IAnsiConsole OutputConsole { get; }

    private IAnsiConsole ErrorConsole { get; }

    /// <summary>The process's own streams.</summary>
    public static DemoTerminal OfProcess()
    {
        bool dumb = Environment.GetEnvironmentVariable("TERM") == "dumb";
        bool outputIsTerminal = !Console.IsOutputRedirected && !dumb;
        bool errorIsTerminal = !Console.IsErrorRedirected && !dumb;
        bool colour = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new DemoTerminal(
            Console.Out,
            Console.Error,
            Create(Console.Out, outputIsTerminal, colour),
            Create(Console.Error, errorIsTerminal, colour),
            errorIsTerminal);
    }

    /// <summary>For streams that are not a terminal.</summary>
    public static DemoTerminal Plain(TextWriter output, TextWriter error) =>
        new(
            output,
            error,
            Create(output, isTerminal: false, colour: false),
            Create(error, isTerminal: false, colour: false),
            errorIsTerminal: false);

    /// <summary>The progress view that standard error supports.</summary>
    public ProgressView ShowProgress(IDemoCache cache) =>
        _errorIsTerminal ? new LiveProgress(ErrorConsole, cache) : new PlainProgress(Error, cache);

    /// <summary>The same view with the same work, but its output is discarded.</summary>
    public ProgressView ShowProgressToNobody(IDemoCache cache) => _errorIsTerminal
        ? new LiveProgress(
            AnsiConsole.Create(new AnsiConsoleSettings
            {
                Out = new PlainOutput(TextWriter.Null),
                Ansi = AnsiSupport.Yes,
                ColorSystem = ColorSystemSupport.Standard,
                Interactive = InteractionSupport.Yes,
            }),
            cache)
        : new PlainProgress(TextWriter.Null, cache);

    private static IAnsiConsole Create(TextWriter writer, bool isTerminal, bool colour)
    {
        var settings = new AnsiConsoleSettings
        {
            Out = isTerminal ? new AnsiConsoleOutput(writer) : new PlainOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal && colour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        };
        return AnsiConsole.Create(settings);
    }

    /// <summary>A writer that is not a terminal: it has a fixed width and supports every character.</summary>
    private sealed class PlainOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => false;

        public int Width => PlainWidth;

        public int Height => int.MaxValue;

        public void SetEncoding(Encoding encoding)
        {
        }
    }
}
