using BoundedCache.Engine;

namespace BoundedCache.Entries;

/// <content>Measures the values that were not finished when they were stored, and are now.</content>
internal sealed partial class CacheAudit
{
    private void MeasureFinishedValues(Slice slice)
    {
        if (!slice.Charges)
        {
            // They stay where they are: a slice that charges must find them.
            WalkUnfinished(slice, from: 0);
            return;
        }

        try
        {
            TakeFinishedValues(slice);
        }
        catch
        {
            // What was taken out and not charged is found by a walk.
            _finished.Overflow();
            throw;
        }
    }

    private void TakeFinishedValues(Slice slice)
    {
        while (!_finished.IsEmpty)
        {
            if (slice.IsOver)
            {
                slice.IsCut = true;
                return;
            }

            if (!_finished.TryTake(out Finished finished))
            {
                break;
            }

            _batch.Clear();
            if (finished.Index == 0)
            {
                _engine.ReadUnfinished(finished.Hash, _batch);
            }
            else if (_engine.TryReadEntry(
                new SlotRef(finished.Index, finished.Version, SlotFlags.None, 0), out AuditedEntry entry))
            {
                _batch.Add(entry);
            }

            for (int i = 0; i < _batch.Count; i++)
            {
                if (i > 0 && slice.IsOver)
                {
                    // Many keys have one hash code. A walk finds the rest, and goes on where it was cut.
                    _finished.Overflow();
                    slice.IsCut = true;
                    return;
                }

                if (_batch[i].IsUnfinished)
                {
                    Look(_batch[i], slice);
                }
            }
        }

        if (_nextUnfinished != 0 || _finished.TryTakeOverflow())
        {
            Volatile.Write(ref _nextUnfinished, WalkUnfinished(slice, _nextUnfinished));
        }
    }

    /// <summary>Looks at all unfinished entries, or at those that the last slice has not come to.</summary>
    /// <returns>The slot to go on with; 0 at the end of the table.</returns>
    private int WalkUnfinished(Slice slice, int from)
    {
        int next = from;
        do
        {
            _batch.Clear();
            next = _engine.Read(next, AuditedEntries.Unfinished, _batch, BatchEntries);
            foreach (AuditedEntry entry in _batch)
            {
                Look(in entry, slice);
                if (slice.IsOver)
                {
                    next = entry.SlotRef.Index + 1;
                    break;
                }
            }
        }
        while (next != 0 && !slice.IsOver && !IsStopped);

        slice.IsCut |= next != 0;
        return next;
    }
}
