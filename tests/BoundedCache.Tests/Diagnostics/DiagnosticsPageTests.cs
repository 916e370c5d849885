using System.Diagnostics.Metrics;
using System.Reflection;
using BoundedCache.Diagnostics;
using BoundedCache.Harness;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests.Diagnostics;

/// <summary>Compares DIAGNOSTICS.md with the code.</summary>
public sealed class DiagnosticsPageTests
{
    private static readonly string s_page = File.ReadAllText(
        Path.Combine(SourceTree.FindRoot(), "docs", "DIAGNOSTICS.md"));

    [Fact]
    public void The_page_lists_every_log_event()
    {
        IEnumerable<string> events = typeof(Log).GetMethods()
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .OrderBy(static message => message.EventId)
            .Select(static message => $"{message.EventId} | {message.EventName} | {message.Level}");

        Assert.Equal(events, Rows("id", cells: 3));
    }

    [Fact]
    public void The_page_lists_every_instrument_with_its_kind_unit_and_tags()
    {
        using var meters = new MeterFactory();
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions(), null, meters);
        var published = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    published.Add(
                        $"`{instrument.Name}` | {Kind(instrument)} | `{instrument.Unit}` | {Tags(instrument)}");
                }
            },
        };
        listener.Start();

        Assert.Equal(
            published.Order(StringComparer.Ordinal), Rows("instrument", cells: 4).Order(StringComparer.Ordinal));
    }

    private static string Kind(Instrument instrument) => instrument switch
    {
        ObservableCounter<long> => "counter",
        ObservableUpDownCounter<long> => "up-down counter",
        Histogram<double> => "histogram",
        _ => throw new InvalidOperationException($"{instrument.GetType()} has no name in the page."),
    };

    private static string Tags(Instrument instrument)
    {
        if (ObservedInstruments.All.FirstOrDefault(observed => observed.Name == instrument.Name) is { } observed)
        {
            return observed.TagKey is null ? "" : Tag(observed.TagKey, observed.TagValues);
        }

        return instrument.Name == "bounded_cache.shrink.duration"
            ? Tag(CacheInstruments.OutcomeTag, Enum.GetValues<ReleaseOutcome>().Select(CacheInstruments.OutcomeName))
            : "";
    }

    private static string Tag(string key, IEnumerable<string> values) =>
        $"`{key}`: {string.Join(", ", values.Select(static value => $"`{value}`"))}";

    /// <summary>The first cells of each row of the table whose first heading is given.</summary>
    private static IEnumerable<string> Rows(string heading, int cells) => s_page.Split('\n')
        .SkipWhile(line => !line.StartsWith($"| {heading} |", StringComparison.Ordinal))
        .TakeWhile(static line => line.StartsWith('|'))
        .Skip(2)
        .Select(line => string.Join(" | ", line.Split('|').Skip(1).Take(cells).Select(static cell => cell.Trim())));
}
