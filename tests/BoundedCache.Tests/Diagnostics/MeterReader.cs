using System.Diagnostics.Metrics;
using System.Globalization;

namespace BoundedCache.Tests.Diagnostics;

/// <summary>
/// A listener to the meters of one factory. It makes one line per number: name, value and tags, without the cache's
/// name. (<c>MetricCollector</c> listens to one instrument; tests here must see all, and no others.)
/// </summary>
internal sealed class MeterReader : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly List<(string Cache, string Line)> _read = [];

    public MeterReader(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
            {
                Instruments++;
                self.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) => Note(instrument, value.ToString(CultureInfo.InvariantCulture), tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, "recorded", tags));
        _listener.Start();
    }

    /// <summary>Instruments that were published so far.</summary>
    public int Instruments { get; private set; }

    /// <summary>
    /// Collects, and returns what was measured of a cache since the last call, in alphabetical order,
    /// without "bounded_cache.".
    /// </summary>
    public string[] Collect(string cacheName) =>
        [.. Collect().Where(one => one.Cache == cacheName).Select(static one => one.Line)];

    public (string Cache, string Line)[] Collect()
    {
        _listener.RecordObservableInstruments();
        (string Cache, string Line)[] read = [.. _read.OrderBy(static one => one.Line, StringComparer.Ordinal)];
        _read.Clear();
        return read;
    }

    public void Dispose() => _listener.Dispose();

    private void Note(Instrument instrument, string value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string rest = string.Concat(tags[1..].ToArray().Select(static tag => $" {tag.Value}"));
        Assert.Equal("cache.name", tags[0].Key);
        _read.Add(((string)tags[0].Value!, $"{instrument.Name["bounded_cache.".Length..]} {value}{rest}"));
    }
}
