using System.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Sizing;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Entries;

/// <content>Finds entries that may keep alive what no measurement counts.</content>
internal sealed partial class CacheAudit
{
    /// <summary>Objects beside the values that are told apart, so that none counts twice.</summary>
    private const int MostStates = 100_000;

    /// <summary>Looks through all entries, for a bounded time. Runs no code of keys or values.</summary>
    public UnfollowedValues FindUnfollowed(TimeSpan budget)
    {
        long started = Stopwatch.GetTimestamp();
        var batch = new List<AuditedEntry>();
        var states = new HashSet<object>(ReferenceEqualityComparer.Instance);
        long entries = 0;
        long stateBytes = 0;
        int next = 0;
        bool isCut = false;
        do
        {
            batch.Clear();
            next = _engine.Read(next, AuditedEntries.All, batch, BatchEntries);
            foreach (AuditedEntry entry in batch)
            {
                // Those that cannot change are not walked, and cost next to nothing.
                if (entry.Marks.CanChange && Stopwatch.GetElapsedTime(started) >= budget)
                {
                    isCut = true;
                    break;
                }

                entries += IsUnfollowed(in entry) ? 1 : 0;
                stateBytes += entry.Details is { Callbacks: { Length: > 0 } callbacks }
                    ? CountStates(callbacks, states)
                    : 0;
            }
        }
        while (next != 0 && !isCut && !IsStopped && Stopwatch.GetElapsedTime(started) < budget);

        return new UnfollowedValues(entries, stateBytes, isCut || next != 0);
    }

    private bool IsUnfollowed(in AuditedEntry entry)
    {
        object? value = entry.Value;
        if (IsSized(value))
        {
            return false;
        }

        for (int depth = 0;
            depth < 8 && value is not null && ChangingTypes.Get(value).Probe is { } probe
                && probe.Look(value, out object? inner) == ProbeAnswer.Result;
            depth++)
        {
            value = inner;
        }

        // A declared size counts where the value is not followed.
        return value is not null
            && (NotFollowed.Hides(value)
                || (ChangingTypes.Get(value).Kind == ValueKind.Changing && _measurer.SeesHidden(value)))
            && entry.Charge <= ChargeOf(in entry, _measurer.Measure(entry.Value));
    }

    /// <summary>What the callbacks' own objects keep alive. Those of the cache's marks are none.</summary>
    private long CountStates(PostEvictionCallbackRegistration[] callbacks, HashSet<object> states)
    {
        long bytes = 0;
        foreach (PostEvictionCallbackRegistration? callback in callbacks)
        {
            if (callback is not null)
            {
                bytes += Count(callback.State) + Count(callback.EvictionCallback);
            }
        }

        return bytes;

        long Count(object? held) =>
            held is not null && states.Count < MostStates && states.Add(held) ? _measurer.Measure(held) : 0;
    }
}

/// <summary>What entries may keep alive that no entry is charged.</summary>
/// <param name="Entries">
/// Entries whose value's own type is not followed or cannot be looked into, or whose value holds a task that runs or a
/// delegate, and that have neither sizer nor declared size.
/// </param>
/// <param name="CallbackBytes">What the state of eviction callbacks keeps alive, as far as it can be measured.</param>
/// <param name="IsCut">Whether the time was over before all entries were looked at.</param>
internal readonly record struct UnfollowedValues(long Entries, long CallbackBytes, bool IsCut);
