using System.CommandLine;

namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>
/// The options for System.CommandLine, one by one; <see cref="OptionChecks"/> checks them against each other.
/// </summary>
internal sealed class DemoOptionSet
{
    private static readonly Dictionary<string, ReleaseMode> s_releaseModes =
        Enum.GetValues<ReleaseMode>().ToDictionary(mode => mode.ToString().ToLowerInvariant());

    private static readonly Dictionary<string, CacheKind> s_cacheKinds =
        Enum.GetValues<CacheKind>().ToDictionary(CacheKindNames.ArgumentFor);

    private readonly Option<long> _entries = new("--entries")
    {
        Description = "Entries to write in stage 2. Default 2000000.",
        HelpName = "COUNT",
        CustomParser = result => Numbers.ParseCount(result, "--entries"),
    };

    private readonly Option<long> _valueSize = new("--value-size")
    {
        Description = "Size of each value. Default 1KB.",
        HelpName = "SIZE",
        CustomParser = result => Sizes.ParseOne(result, "--value-size"),
    };

    private readonly Option<long> _maxMemory = new("--max-memory")
    {
        Description = "The cache's limit. Default 1GB.",
        HelpName = "SIZE",
        CustomParser = result => Sizes.ParseOne(result, "--max-memory"),
    };

    private readonly Option<long[]> _shrinkTo = new("--shrink-to")
    {
        Description = "Lower the limit to this. Repeatable, each below the one before: "
            + "the first is reached in two stages (3 nothing released, 4 released), every further one in a single "
            + "stage like 5. Default: 100MB (a tenth of --max-memory where that is less), then 1.",
        HelpName = "SIZE",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => Sizes.ParseMany(result, "--shrink-to"),
    };

    private readonly Option<ReleaseMode> _release = new("--release")
    {
        Description = "How memory is released: full is one aggressive garbage collection, "
            + "gentle takes seconds and stops the process only briefly, none leaves it to the runtime. Default full.",
        HelpName = Choice.Names(s_releaseModes),
        CustomParser = result => Choice.Parse(result, "--release", s_releaseModes),
    };

    private readonly Option<CacheKind> _cache = new("--cache")
    {
        Description = "Who plays: bounded-cache (default); bytes, the cache in native memory (Linux on x64), which "
            + "gives memory back in stage 3 already; or memory-cache, Microsoft's MemoryCache. Its limit is fixed, "
            + "so there stage 3 is Compact and waiting, 4 a plain GC.Collect(), 5 Compact and GC.Collect().",
        HelpName = Choice.Names(s_cacheKinds),
        CustomParser = result => Choice.Parse(result, "--cache", s_cacheKinds),
    };

    private readonly Option<bool> _compare = new("--compare")
    {
        Description = "Run the story on both caches, each in a process of its own, and show them side by side.",
    };

    private readonly Option<string> _trace = new("--trace")
    {
        Description = "Replay this access trace in stage 2 instead: a request per line, 'key size' or 'time key size', "
            + "sizes in bytes, plain or .gz; blank lines and lines starting with # are skipped. "
            + "A miss writes a value of that size. Reports hit ratio and byte hit ratio.",
        HelpName = "FILE",
    };

    private readonly Option<TimeSpan> _wait = new("--wait")
    {
        Description = "Watch the process for so many seconds after each stage's step, twice as long in stage 3, "
            + "before its memory is read. Default 2.",
        HelpName = "SECONDS",
        CustomParser = result => Numbers.ParseSeconds(result, "--wait"),
    };

    private readonly Option<string> _output = new("--output")
    {
        Description = "Directory for the pictures, shrinkdemo.svg and shrinkdemo.html (shrinkdemo-memory-cache and "
            + "shrinkdemo-compare for those runs). Default artifacts.",
        HelpName = "DIR",
    };

    private readonly Option<bool> _noPictures = new("--no-pictures") { Description = "Write no pictures." };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Write the result to standard output as JSON, and nothing else; progress goes "
            + "to standard error, as always.",
    };

    public void AddTo(RootCommand command)
    {
        foreach (Option option in (Option[])
            [
                _entries, _valueSize, _maxMemory, _shrinkTo, _release, _cache, _compare, _trace, _wait, _output,
                _noPictures, _json,
            ])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The options of a command line without errors.</summary>
    /// <exception cref="DemoException">
    /// The options contradict each other, or the machine cannot do what they ask.
    /// </exception>
    public DemoOptions Read(ParseResult result)
    {
        var defaults = new DemoOptions();
        long maxMemory = Get(result, _maxMemory, defaults.MaxMemoryBytes);
        long valueSize = Get(result, _valueSize, defaults.ValueBytes);
        OptionChecks.ReservedTogether(
            Given(result, _compare), Given(result, _cache), Given(result, _trace), Given(result, _entries));
        OptionChecks.ValueFits(valueSize, maxMemory);
        var options = new DemoOptions
        {
            Cache = Get(result, _cache, defaults.Cache),
            Compare = Get(result, _compare, defaults.Compare),
            Entries = Get(result, _entries, defaults.Entries),
            ValueBytes = (int)valueSize,
            MaxMemoryBytes = maxMemory,
            ShrinkToBytes = Get(result, _shrinkTo, [Math.Min(defaults.ShrinkToBytes[0], maxMemory / 10), 1]),
            Release = Get(result, _release, defaults.Release),
            Wait = Get(result, _wait, defaults.Wait),
            TraceFile = Get<string?>(result, _trace!, null),
            OutputDirectory = Get(result, _noPictures, false) ? null : Get(result, _output, defaults.OutputDirectory!),
            Json = Get(result, _json, defaults.Json),
        };
        OptionChecks.LimitsFall(options.MaxMemoryBytes, options.ShrinkToBytes);
        OptionChecks.MachineHolds(options, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        OptionChecks.FilesUsable(options.TraceFile, options.OutputDirectory);
        return options;
    }

    private static bool Given(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static T Get<T>(ParseResult result, Option<T> option, T otherwise) =>
        Given(result, option) ? result.GetValue(option)! : otherwise;
}
