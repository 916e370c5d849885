using System.Text.Json.Serialization;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.Json;

namespace BoundedCache.AspNetCore.History;

/// <summary>
/// Who changed what: the last changes that were asked for here, and changes of limits that the application or its
/// configuration made. Thread-safe.
/// </summary>
internal sealed class ChangeHistory(EventHub events, TimeProvider time)
{
    /// <summary>How many are kept, of all caches together.</summary>
    public const int Most = 500;

    private const string Application = "the application or its configuration";

    private readonly Lock _lock = new();
    private readonly LinkedList<ChangeView> _changes = [];

    /// <summary>The limit of each cache that is known to this history.</summary>
    private readonly Dictionary<string, long> _known = new(StringComparer.Ordinal);

    /// <summary>
    /// Limits that were seen once and that no request to this endpoint set. The application or configuration set them.
    /// </summary>
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);

    /// <summary>Caches whose limit is being changed here: what is seen meanwhile is nobody else's change.</summary>
    private readonly List<string> _changing = [];

    private int _last;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<ChangeView> Views
    {
        get
        {
            lock (_lock)
            {
                return [.. _changes];
            }
        }
    }

    /// <summary>Changes a limit and records that, however long it takes between the two.</summary>
    /// <param name="cacheName">The cache.</param>
    /// <param name="change">Changes the limit, and adds that to this history.</param>
    public T Change<T>(string cacheName, Func<T> change)
    {
        lock (_lock)
        {
            _changing.Add(cacheName);
        }

        try
        {
            return change();
        }
        finally
        {
            lock (_lock)
            {
                _changing.Remove(cacheName);
            }
        }
    }

    /// <summary>Records a change that begins, or that is done already. Sets its number and its time.</summary>
    public ChangeView Add(ChangeView change)
    {
        ChangeView added;
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            added = change with { Number = ++_last, Time = now, Ended = change.Outcome is null ? null : now };
            _changes.AddLast(added);
            if (_changes.Count > Most)
            {
                _changes.RemoveFirst();
            }

            if (added is { CacheName: { } name, NewMaxBytes: { } limit })
            {
                _known[name] = limit;
                _seen.Remove(name);
            }
        }

        events.Publish("change", added, AdminJsonContext.Readable.ChangeView);
        return added;
    }

    /// <summary>Says how a change ended.</summary>
    public void End(ChangeView change, string outcome)
    {
        ChangeView ended;
        lock (_lock)
        {
            if (_changes.Find(change) is not { } node)
            {
                return;
            }

            // The clock is read in here: who looks before the end is seen has looked before its time.
            ended = change with { Outcome = outcome, Ended = time.GetUtcNow() };
            node.Value = ended;
        }

        events.Publish("change", ended, AdminJsonContext.Readable.ChangeView);
    }

    /// <summary>
    /// Notes the limit that a cache has. A limit that was not asked for here, and that is seen twice, was set by the
    /// application: once may be what was read before a change that has been recorded since.
    /// </summary>
    public void Observe(string cacheName, EntrySizing sizing, long maxBytes)
    {
        long before;
        lock (_lock)
        {
            if (_changing.Contains(cacheName))
            {
                return;
            }

            if (!_known.TryGetValue(cacheName, out before) || before == maxBytes)
            {
                _known[cacheName] = maxBytes;
                _seen.Remove(cacheName);
                return;
            }

            if (!_seen.TryGetValue(cacheName, out long seen) || seen != maxBytes)
            {
                _seen[cacheName] = maxBytes;
                return;
            }
        }

        Add(new ChangeView(cacheName, ChangeKind.Limit, Application)
        {
            Sizing = sizing,
            OldMaxBytes = before,
            NewMaxBytes = maxBytes,
            Outcome = "done",
        });
    }
}

/// <summary>One change: who made it, when, and what it did. Amounts are bytes, or units of a declared cache.</summary>
/// <remarks>
/// <para><c>Number</c>: Counts up from 1 within one run of the service. A change is told again when it ends.</para>
/// <para><c>CacheName</c>: Null for a change of no cache: a memory report with a collection.</para>
/// <para><c>Who</c>: The user's name, if there is one, and the address of the connection.</para>
/// <para><c>Sizing</c>: How the cache counts its limit and what was removed.</para>
/// <para><c>Time</c>, <c>Ended</c>: When it began and when it ended; <c>Ended</c> is null while it is under way.</para>
/// <para><c>Outcome</c>: How it ended; null while it is under way.</para>
/// </remarks>
internal sealed record ChangeView(
    string? CacheName,
    [property: JsonConverter(typeof(CamelCaseEnum<ChangeKind>))] ChangeKind Kind,
    string Who)
{
    public int Number { get; init; }

    public DateTimeOffset Time { get; init; }

    public DateTimeOffset? Ended { get; init; }

    [JsonConverter(typeof(CamelCaseEnum<EntrySizing>))]
    public EntrySizing Sizing { get; init; }

    public long? OldMaxBytes { get; init; }

    public long? NewMaxBytes { get; init; }

    public long? EntriesRemoved { get; init; }

    public long? BytesRemoved { get; init; }

    public string? Outcome { get; init; }
}

/// <summary>What was changed.</summary>
internal enum ChangeKind
{
    Limit,
    Release,
    Compact,
    Clear,
    Collect,
}
