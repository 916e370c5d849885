using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Json;
using BoundedCache.AspNetCore.Stream;

namespace BoundedCache.AspNetCore.History;

/// <summary>
/// The last reports of the caches, whoever caused them, each with the time at which it was first seen here. Thread-safe.
/// </summary>
internal sealed class ShrinkHistory(EventHub events, TimeProvider time)
{
    /// <summary>How many are kept, of all caches together.</summary>
    public const int Most = 100;

    private readonly Lock _gate = new();
    private readonly Queue<(ShrinkReport Report, ShrinkView View)> _seen = new();

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<ShrinkView> Views
    {
        get
        {
            lock (_gate)
            {
                return [.. _seen.Where(static seen => IsShrink(seen.Report)).Select(static seen => seen.View)];
            }
        }
    }

    /// <summary>Notes a report, which may have been noted before, and tells it to those who watch.</summary>
    public ShrinkView Note(ShrinkReport report)
    {
        ShrinkView view;
        lock (_gate)
        {
            foreach ((ShrinkReport seen, ShrinkView known) in _seen)
            {
                if (ReferenceEquals(seen, report))
                {
                    return known;
                }
            }

            view = ShrinkView.Of(report, time.GetUtcNow());
            _seen.Enqueue((report, view));
            if (_seen.Count > Most)
            {
                _seen.Dequeue();
            }
        }

        if (IsShrink(report))
        {
            events.Publish("shrink", view, AdminJsonContext.Default.ShrinkView);
        }

        return view;
    }

    /// <summary>A limit that was raised is no shrink.</summary>
    private static bool IsShrink(ShrinkReport report) => report.NewMaxMemory <= report.OldMaxMemory;
}
