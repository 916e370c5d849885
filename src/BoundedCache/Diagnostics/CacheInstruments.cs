using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Diagnostics;

/// <summary>
/// The library's instruments on one meter, for all caches that were given its factory. Their number does not depend on
/// the number of caches.
/// </summary>
/// <remarks>
/// A meter and its instruments live as long as their factory, so each set is made once and holds its caches weakly.
/// Sets are found by factory, since a factory may make a new meter at each call, and by meter, since several factories
/// may return the same one.
/// </remarks>
internal sealed class CacheInstruments
{
    public const string MeterName = "BoundedCache";
    public const string NameTag = "cache.name";
    public const string OutcomeTag = "cache.release.outcome";

    private static readonly ConditionalWeakTable<IMeterFactory, CacheInstruments> s_byFactory = [];
    private static readonly ConditionalWeakTable<Meter, CacheInstruments> s_byMeter = [];

    /// <summary>Seconds. Without this advice a collector uses steps that are meant for milliseconds.</summary>
    private static readonly InstrumentAdvice<double> s_durations = new()
    {
        HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
    };

    private readonly Meter _meter;
    private Instrument? _requests;
    private Histogram<double>? _shrinkDuration;
    private Histogram<double>? _pauseDuration;
    private Histogram<double>? _waitDuration;
    private bool _isMade;

    private CacheInstruments(Meter meter) => _meter = meter;

    public ObservedCaches Caches { get; } = new();

    /// <summary>Whether the count of lookups has a listener.</summary>
    public bool WantsRequests => Volatile.Read(ref _requests) is { Enabled: true };

    /// <summary>
    /// The instruments on the factory's meter. The first call runs user code, under no lock: the factory, and listeners
    /// to new instruments.
    /// </summary>
    public static CacheInstruments GetOrCreate(IMeterFactory factory)
    {
        if (!s_byFactory.TryGetValue(factory, out CacheInstruments? instruments))
        {
            Meter meter = factory.Create(MeterName);
            instruments = s_byFactory.GetOrAdd(
                factory, s_byMeter.GetOrAdd(meter, static meter => new CacheInstruments(meter)));
        }

        instruments.MakeOnce();
        return instruments;
    }

    public void RecordShrink(ShrinkReport report) => Record(
        _shrinkDuration,
        report.TotalTime,
        new(NameTag, report.CacheName),
        new(OutcomeTag, OutcomeName(report.Outcome)));

    public void RecordPause(string cacheName, TimeSpan pause) =>
        Record(_pauseDuration, pause, new KeyValuePair<string, object?>(NameTag, cacheName));

    public void RecordWait(string cacheName, TimeSpan waited) =>
        Record(_waitDuration, waited, new KeyValuePair<string, object?>(NameTag, cacheName));

    /// <summary>The tag's value for an outcome.</summary>
    public static string OutcomeName(ReleaseOutcome outcome) => outcome switch
    {
        ReleaseOutcome.Released => "released",
        ReleaseOutcome.Partial => "partial",
        ReleaseOutcome.Skipped => "skipped",
        ReleaseOutcome.Unknown => "unknown",
        _ => "not_requested",
    };

    /// <summary>Records a time. If a listener throws, the report that the time is from is not lost.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "A listener is user code: it goes without this measurement.")]
    private static void Record(
        Histogram<double>? histogram, TimeSpan time, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        try
        {
            histogram?.Record(time.TotalSeconds, tags);
        }
        catch (Exception)
        {
            // A listener's: user code that nobody here can tell. It loses this measurement.
        }
    }

    /// <remarks>
    /// A thread that comes while another one makes the instruments goes on without them: they have no listener yet.
    /// </remarks>
    private void MakeOnce()
    {
        if (Volatile.Read(ref _isMade) || Interlocked.Exchange(ref _isMade, true))
        {
            return;
        }

        int offset = 0;
        foreach (ObservedInstrument observed in ObservedInstruments.All)
        {
            int at = offset;
            Instrument? made = Contained<Instrument>(() => observed.OnlyRises
                ? _meter.CreateObservableCounter(
                    observed.Name, () => Caches.Observe(observed, at), observed.Unit, observed.Description)
                : _meter.CreateObservableUpDownCounter(
                    observed.Name, () => Caches.Observe(observed, at), observed.Unit, observed.Description));
            if (ReferenceEquals(observed, ObservedInstruments.Requests))
            {
                Volatile.Write(ref _requests, made);
            }

            offset += observed.Length;
        }

        _shrinkDuration = Contained(() => _meter.CreateHistogram(
            "bounded_cache.shrink.duration",
            "s",
            "Time from setting a lower limit to the report on it.",
            tags: null,
            s_durations));
        _pauseDuration = Contained(() => _meter.CreateHistogram(
            "bounded_cache.gc.pause.duration",
            "s",
            "Time for which a release stopped the process's managed threads.",
            tags: null,
            s_durations));
        _waitDuration = Contained(() => _meter.CreateHistogram(
            "bounded_cache.writer.wait.duration",
            "s",
            "Time for which a write waited for the garbage collector.",
            tags: null,
            s_durations));
    }

    /// <summary>
    /// Makes an instrument. If a listener throws, the other listeners and the cache that is being made are not
    /// affected.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "A listener is user code: it goes without this instrument.")]
    private static T? Contained<T>(Func<T> make)
        where T : Instrument
    {
        try
        {
            return make();
        }
        catch (Exception)
        {
            // A listener's, or the meter's: both are user code, and all caches of the factory would fail for it.
            return null;
        }
    }
}
