using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Reads: no lock, unless writers interfere again and again.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>Looks a key up and notes the use.</summary>
    /// <returns>False if there is no entry, or an expired one, which is removed.</returns>
    /// <remarks>
    /// Keys are passed by value: a key passed by reference would be kept in memory and not in registers.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet<TLookup>(TLookup lookup, out object? value)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        if (_marks)
        {
            int found = _index.FindPlain<TLookup, RaisesMark>(lookup, out value);
            if (found > 0)
            {
                Lookups.CountHit();
                return true;
            }

            return found != 0 && TryGetFully(lookup, -found, 0, out value);
        }

        long begin = _touches.Begin;
        int index = _index.FindPlain<TLookup, LeavesMark>(lookup, out value);
        if (index > 0)
        {
            Touch(index, begin);
            return true;
        }

        return index != 0 && TryGetFully(lookup, -index, begin, out value);
    }

    /// <summary>The same where the clock or a token has to be asked, or writers interfered.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryGetFully<TLookup>(TLookup lookup, int seenAt, long begin, out object? value)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        if (!_index.TryFindAt(seenAt, in lookup, out value, out SlotRef slotRef)
            && !Find(in lookup, out value, out slotRef))
        {
            return false;
        }

        if (slotRef.Flags != SlotFlags.None && !TryTake(in slotRef, lookup.Hash, ref value, out _))
        {
            value = null;
            return false;
        }

        Touch(slotRef.Index, begin);
        return true;
    }

    /// <summary>The same, and returns when and by what the entry will expire.</summary>
    public bool TryGet<TLookup>(scoped in TLookup lookup, out object? value, out Expiration expiration)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        long begin = _touches.Begin;
        expiration = default;
        value = null;
        if (!Find(in lookup, out object? content, out SlotRef slotRef)
            || (slotRef.Flags != SlotFlags.None
                && !TryTake(in slotRef, lookup.Hash, ref content, out expiration)))
        {
            return false;
        }

        value = content;
        Touch(slotRef.Index, begin);
        return true;
    }

    /// <summary>
    /// Takes the value of an entry that may be expired, or removes the entry. Asks tokens: user code, whose
    /// exceptions reach the reader.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryTake(in SlotRef slotRef, int hash, ref object? value, out Expiration expiration)
    {
        EntryDetails? details = (slotRef.Flags & SlotFlags.HasDetails) != 0 ? (EntryDetails)value! : null;
        value = details is null ? value : details.Value;
        expiration = new Expiration(details?.AbsoluteExpirationTicks ?? slotRef.Deadline, details?.Tokens);
        if ((slotRef.Flags & SlotFlags.Unfinished) != 0)
        {
            OnUnfinishedRead?.Invoke(value, hash, slotRef);
        }

        if ((slotRef.Flags & SlotFlags.HasDeadline) == 0)
        {
            return true;
        }

        long now = _time.GetUtcNow().UtcTicks;
        OnExpiringHit?.Invoke(now);
        EvictionReason reason;
        if (details is not null)
        {
            reason = details.ExpiredByTokensToo(now);
        }
        else
        {
            reason = now >= slotRef.Deadline ? EvictionReason.Expired : EvictionReason.None;
        }

        if (reason != EvictionReason.None)
        {
            RemoveIfFree(in slotRef, reason);
            return false;
        }

        if (details is { SlidingTicks: > 0 })
        {
            details.Use(now);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Touch(int index, long begin)
    {
        if (_marks)
        {
            Mark(index);
        }
        else if (_touches.Add(index, begin) is var note && note != TouchNote.Added)
        {
            ApplyIfFree(note, index);
        }
    }

    private void Mark(int index)
    {
        // The slot may be gone, or hold another entry by now: that one gets a mark too many.
        ref Slot slot = ref _store.TrySlot(index);
        if (!Unsafe.IsNullRef(ref slot))
        {
            slot.Use();
        }

        Lookups.CountHit();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApplyIfFree(TouchNote note, int index)
    {
        if (!_lock.TryEnter())
        {
            if (note == TouchNote.Unbuffered)
            {
                _touches.CountLost();
            }

            return;
        }

        try
        {
            if (note == TouchNote.Due)
            {
                _touches.ApplyDueTo(_uses!);
            }
            else
            {
                _touches.ApplyTo(_uses!);
                _uses!.Touch([index]);
            }
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>
    /// Looks a key up under the lock. Keys whose comparison is user code are only collected under it, and compared
    /// after it is released. Where the thread is interrupted it goes on: others may wait for the flight that looks.
    /// </summary>
    private bool FindUnderLock<TLookup>(scoped in TLookup lookup, out object? content, out SlotRef slotRef)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        content = null;
        slotRef = SlotRef.Nowhere;
        if (!TLookup.RunsUserCode)
        {
            using (_lock.EnterAlways())
            {
                int index = _index.FindLocked(in lookup);
                if (index != AccessOrder.None)
                {
                    content = _store.Slot(index).Value;
                    slotRef = _index.ReferenceTo(index);
                }

                return index != AccessOrder.None;
            }
        }

        foreach (Candidate candidate in Collect(lookup.Hash))
        {
            if (lookup.Matches(candidate.Key))
            {
                (content, slotRef) = (candidate.Content, candidate.SlotRef);
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The entries with a hash. There may be very many if a key's class has a poor hash code, so the memory for them is
    /// allocated without the lock.
    /// </summary>
    private ReadOnlySpan<Candidate> Collect(int hash)
    {
        var candidates = new Candidate[8];
        while (true)
        {
            int count;
            using (_lock.EnterAlways())
            {
                count = _index.Collect(hash, candidates);
            }

            if (count <= candidates.Length)
            {
                return candidates.AsSpan(0, count);
            }

            candidates = new Candidate[count + (count / 8)];
        }
    }
}
