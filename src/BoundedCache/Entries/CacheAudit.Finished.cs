using BoundedCache.Engine;

namespace BoundedCache.Entries;

/// <content>Notes the values that are not finished when they are stored, and measures them once they are.</content>
internal sealed partial class CacheAudit
{
    /// <summary>Call it after an entry was stored whose kind is not the default one. Fails no store.</summary>
    /// <param name="kind">What <see cref="KindOf"/> returned.</param>
    /// <param name="value">The value.</param>
    /// <param name="hash">The hash code of the key in the table.</param>
    public void OnStored(in StoredKind kind, object? value, int hash)
    {
        try
        {
            NoteStored(in kind, value, hash);
        }
        catch (OutOfMemoryException)
        {
            // A walk finds what could not be noted.
            OnManyFinished();
        }
        catch (ThreadInterruptedException)
        {
            // The same, and the thread stays interrupted.
            OnManyFinished();
            Thread.CurrentThread.Interrupt();
        }
    }

    private void NoteStored(in StoredKind kind, object? value, int hash)
    {
        if (Volatile.Read(ref _hasJoined) == 0 && (kind.Marks.CanChange || kind.IsUnfinished)
            && Interlocked.Exchange(ref _hasJoined, 1) == 0)
        {
            if (!_setup.Auditor.TryJoin(this))
            {
                Volatile.Write(ref _hasJoined, 0);
            }
            else if (IsStopped)
            {
                // Disposed while the value was measured: after the cache left.
                _setup.Auditor.Leave(this);
            }
        }

        if (!kind.IsUnfinished)
        {
            return;
        }

        if (kind.IsLowerBound)
        {
            OnFinished(hash);
            return;
        }

        TellUnfinished(value!.GetType());
        if (kind.Running is { } running)
        {
            TaskWatch.Add(running, _self, hash);
        }
    }

    /// <summary>
    /// The entries whose keys have a hash code may be finished. Any thread; does not wait for long, and never throws.
    /// </summary>
    public void OnFinished(int hash)
    {
        _finished.Add(hash);
        _setup.Auditor.Wake();
    }

    /// <summary>More entries may be finished than are known one by one. Any thread; never throws.</summary>
    public void OnManyFinished()
    {
        _finished.Overflow();
        _setup.Auditor.Wake();
    }

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
