using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Reads: no lock, unless writers interfere again and again.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>Looks a key up and notes the use.</summary>
    /// <returns>False where there is no entry, or only an expired one, which is removed.</returns>
    public bool TryGet<TLookup>(scoped in TLookup lookup, out object? value)
        where TLookup : struct, IKeyLookup, allows ref struct => TryGet(in lookup, out value, out _);

    /// <summary>The same, and answers when and by what the entry will expire.</summary>
    public bool TryGet<TLookup>(scoped in TLookup lookup, out object? value, out Expiration expiration)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        long begin = _touches.Begin;
        expiration = default;
        Lookup found = _index.Find(in lookup, out Hit hit);
        if (found != Lookup.Hit && (found == Lookup.Miss || !FindUnderLock(in lookup, out hit)))
        {
            value = null;
            return false;
        }

        value = hit.Value;
        if (hit.Flags != SlotFlags.None && !TryTake(in hit, ref value, out expiration))
        {
            value = null;
            return false;
        }

        if (_touches.Add(hit.Index, begin) is var note && note != TouchNote.Added)
        {
            ApplyIfFree(note, hit.Index);
        }

        return true;
    }

    public void CountHit() => _touches.CountHit();

    public void CountMiss() => _touches.CountMiss();

    /// <summary>Takes the value of an entry that may be expired, or removes the entry. Asks tokens: user code, whose exceptions reach the reader.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryTake(in Hit hit, ref object? value, out Expiration expiration)
    {
        EntryDetails? details = (hit.Flags & SlotFlags.HasDetails) != 0 ? (EntryDetails)hit.Value! : null;
        if (details is not null)
        {
            value = details.Value;
        }

        expiration = new Expiration(details?.AbsoluteExpirationTicks ?? hit.Deadline, details?.Tokens);

        if ((hit.Flags & SlotFlags.HasDeadline) == 0)
        {
            return true;
        }

        long now = _time.GetUtcNow().UtcTicks;
        EvictionReason reason = EvictionReason.None;
        if (details is not null)
        {
            reason = details.ExpiredByTokensToo(now);
        }
        else if (now >= hit.Deadline)
        {
            reason = EvictionReason.Expired;
        }

        if (reason != EvictionReason.None)
        {
            RemoveIfCurrent(in hit, reason);
            return false;
        }

        // Only forwards: of two readers the later one's time stays, in whatever order they arrive here.
        if (details is { SlidingTicks: > 0 } && now > details.LastAccessTicks)
        {
            details.LastAccessTicks = now;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApplyIfFree(TouchNote note, int index)
    {
        if (!_gate.TryEnter())
        {
            if (note == TouchNote.Unbuffered)
            {
                _touches.CountLost();
            }

            return;
        }

        try
        {
            _touches.ApplyTo(_order);
            if (note == TouchNote.Unbuffered)
            {
                _order.Touch(index);
            }
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>
    /// Looks a key up with the lock's help. Keys with code of their own are only collected under it and compared after it is let go.
    /// </summary>
    private bool FindUnderLock<TLookup>(scoped in TLookup lookup, out Hit hit)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        hit = default;
        if (!TLookup.RunsUserCode)
        {
            lock (_gate)
            {
                int index = _index.FindLocked(in lookup);
                if (index != AccessOrder.None)
                {
                    hit = _index.HitAt(index);
                }

                return index != AccessOrder.None;
            }
        }

        var candidates = new List<Hit>();
        lock (_gate)
        {
            _index.Collect(lookup.Hash, candidates);
        }

        foreach (Hit candidate in candidates)
        {
            if (lookup.Matches(candidate.Key!))
            {
                hit = candidate;
                return true;
            }
        }

        return false;
    }
}
