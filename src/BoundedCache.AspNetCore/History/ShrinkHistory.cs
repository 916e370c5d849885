using System.Diagnostics;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.Json;

namespace BoundedCache.AspNetCore.History;

/// <summary>
/// The last reports of the caches, from any origin, each with the time at which it was first seen
/// here. Thread-safe.
/// </summary>
internal sealed class ShrinkHistory(EventHub events, TimeProvider time)
{
    /// <summary>How many are kept, of all caches together.</summary>
    public const int Most = 100;

    private readonly Lock _lock = new();
    private int _recorded;
    private readonly Queue<(ShrinkReport Report, ShrinkView View)> _seen = new();

    /// <summary>
    /// The last report of each cache: of the operation that began last. It is asked for repeatedly, even after the
    /// reports of other caches have pushed it out of the list.
    /// </summary>
    private readonly Dictionary<string, (ShrinkReport Report, ShrinkView View)> _last = new(StringComparer.Ordinal);

    /// <summary>The last report of each cache that is no shrink: on a raised limit.</summary>
    private readonly Dictionary<string, (ShrinkReport Report, ShrinkView View)> _raises = new(StringComparer.Ordinal);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<ShrinkView> Views
    {
        get
        {
            lock (_lock)
            {
                return [.. _seen.Select(static seen => seen.View)];
            }
        }
    }

    /// <summary>
    /// Records a report, which may have been recorded before, and publishes it to the watchers. A report on a raised
    /// limit is no shrink: it is only kept as the cache's newest report.
    /// </summary>
    public ShrinkView Note(ShrinkReport report)
    {
        ShrinkView view;
        lock (_lock)
        {
            if (Find(report) is { } known)
            {
                return known;
            }

            view = ShrinkView.From(report, TimeOf_NeedsLock(report)) with
            {
                Number = ++_recorded,
                Recorded = time.GetUtcNow(),
            };
            if (report.NewMaxMemory > report.OldMaxMemory)
            {
                _raises[report.CacheName] = (report, view);
                return view;
            }

            if (!_last.TryGetValue(report.CacheName, out (ShrinkReport Report, ShrinkView View) last)
                || last.Report.Started <= report.Started)
            {
                // As the cache itself keeps its last report: that is the one that is asked for again.
                _last[report.CacheName] = (report, view);
            }

            _seen.Enqueue((report, view));
            if (_seen.Count > Most)
            {
                _seen.Dequeue();
            }
        }

        events.Publish("shrink", view, AdminJsonContext.Readable.ShrinkView);
        return view;
    }

    /// <summary>
    /// The newest report on a cache of any kind: its last shrink, or a raise that began later. When they were seen says
    /// nothing: a release that was owed reports late.
    /// </summary>
    public ShrinkView? Newest(string cacheName, ShrinkReport? lastShrink)
    {
        lock (_lock)
        {
            ShrinkView? shrink = lastShrink is null ? null : Find(lastShrink);
            return _raises.TryGetValue(cacheName, out (ShrinkReport Report, ShrinkView View) raise)
                && (shrink is null
                    || (raise.Report.Started, raise.View.Time).CompareTo((lastShrink!.Started, shrink.Time)) > 0)
                ? raise.View
                : shrink;
        }
    }

    /// <summary>
    /// Now. For a report that comes late: a moment before the reports of all operations that began after it, because
    /// watchers take the newest time for what is true of the cache.
    /// </summary>
    private DateTimeOffset TimeOf_NeedsLock(ShrinkReport report)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        DateTimeOffset at = time.GetUtcNow();
        foreach ((ShrinkReport known, ShrinkView view) in _seen.Concat(_last.Values).Concat(_raises.Values))
        {
            if (known.CacheName == report.CacheName && known.Started > report.Started && view.Time <= at)
            {
                at = view.Time - TimeSpan.FromMilliseconds(1);
            }
        }

        return at;
    }

    private ShrinkView? Find(ShrinkReport report)
    {
        if (_last.TryGetValue(report.CacheName, out (ShrinkReport Report, ShrinkView View) last)
            && ReferenceEquals(last.Report, report))
        {
            return last.View;
        }

        return _seen.FirstOrDefault(seen => ReferenceEquals(seen.Report, report)).View;
    }
}
