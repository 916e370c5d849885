using BoundedCache.Engine;
using BoundedCache.Sizing;

namespace BoundedCache.Entries;

/// <content>Finds entries, measures them, and decides what is charged.</content>
internal sealed partial class CacheAudit
{
    private void MeasureSuspects(Slice slice)
    {
        if (!slice.Charges || _suspects.Count == 0)
        {
            return;
        }

        // A dictionary allows to remove what the loop came to. Nothing is added: all of these are known.
        foreach ((int index, Suspect suspect) in _suspects)
        {
            if (slice.IsOver)
            {
                slice.IsCut = true;
                return;
            }

            if (_engine.TryReadEntry(new SlotRef(index, suspect.Version, SlotFlags.None, 0), out AuditedEntry entry))
            {
                slice.Lap = entry.Marks.IsHot ? _hot : _cold;
                Look(in entry, slice);
            }
            else
            {
                _suspects.Remove(index);
            }
        }
    }

    private void Walk(Slice slice)
    {
        if (slice.IsWhole)
        {
            WalkAll(_hot, slice);
            WalkAll(_cold, slice);
            return;
        }

        // In turn: neither hot entries nor the many others keep the thread to themselves.
        (Lap first, Lap second) = _coldIsNext ? (_cold, _hot) : (_hot, _cold);
        _coldIsNext = !_coldIsNext;
        foreach (Lap lap in (ReadOnlySpan<Lap>)[first, second])
        {
            if (!slice.IsOver && IsDue(lap, lap.IsHot ? _engine.HotCount : _engine.ChangingCount - _engine.HotCount))
            {
                WalkOn(lap, slice);
            }
        }
    }

    /// <summary>
    /// Walks over the whole table, within the slice: what the lap has not come to, and then the beginning.
    /// </summary>
    private void WalkAll(Lap lap, Slice slice)
    {
        bool isUnderWay = lap.IsUnderWay;
        WalkOn(lap, slice);
        if (!isUnderWay)
        {
            return;
        }

        if (slice.IsOver)
        {
            slice.IsCut = true;
            return;
        }

        WalkOn(lap, slice, fromStart: true);
    }

    /// <summary>Goes on with a lap until the slice is over or the lap at its end.</summary>
    private void WalkOn(Lap lap, Slice slice, bool fromStart = false)
    {
        if (!lap.IsUnderWay && slice.Charges)
        {
            lap.Begin(_engine.Activity);
        }

        slice.Lap = lap;
        int next = lap.IsUnderWay && !fromStart ? lap.Next : 0;
        do
        {
            _batch.Clear();
            next = _engine.Read(
                next, lap.IsHot ? AuditedEntries.Hot : AuditedEntries.Cold, _batch, BatchEntries);
            foreach (AuditedEntry entry in _batch)
            {
                // A slice that charges nothing has looked at all unfinished entries, and left them unfinished.
                if (slice.Charges || !entry.IsUnfinished)
                {
                    Look(in entry, slice);
                }

                if (slice.IsOver)
                {
                    next = entry.SlotRef.Index + 1;
                    break;
                }
            }
        }
        while (next != 0 && !slice.IsOver && !IsStopped);

        slice.IsCut |= next != 0;
        if (slice.Charges)
        {
            (lap.Next, lap.IsUnderWay) = (next, next != 0);
        }
    }

    /// <summary>
    /// Measures one entry. An unfinished one that cannot be charged now waits for the next slice: no lap may find it.
    /// </summary>
    private void Look(in AuditedEntry entry, Slice slice)
    {
        _stopToken.ThrowIfCancellationRequested();
        if (entry.IsUnfinished && ChangingTypes.IsUnfinished(entry.Value, out Task? running))
        {
            if (running is not null)
            {
                TaskWatch.Add(running, _self, entry.Hash);
            }

            return;
        }

        long? alone = TryCountSuspect(in entry, slice, out long expected);
        bool isEstimated = false;
        bool isExtrapolated = false;
        long bytes = expected;
        if (alone != expected
            && !TryMeasure(entry.Value, slice, out bytes, out isEstimated, out isExtrapolated))
        {
            if (entry.IsUnfinished && slice.Charges)
            {
                OnFinished(entry.Hash);
            }

            return;
        }

        long charge = ChargeOf(in entry, Math.Max(bytes, entry.Marks.DeclaredBytes));
        long growth = charge - entry.Charge;
        _audited++;
        if (entry.IsUnfinished)
        {
            if (!IsUncounted(in entry))
            {
                slice.Found(Math.Max(0, growth), slice.Lap);
            }

            if (slice.Charges && ChargeAnew(in entry, charge, isHot: false) == ChargeUpdate.Outdated)
            {
                OnFinished(entry.Hash);
            }

            return;
        }

        // An estimate may differ from the last one without any change.
        if (growth == 0 || (isExtrapolated && Math.Abs(growth) <= entry.Charge / 10))
        {
            _suspects.Remove(entry.SlotRef.Index);
            return;
        }

        ChangingTypes.Get(entry.Value).WasSeenToChange = true;
        if (slice.Charges && !entry.Marks.IsHot)
        {
            slice.Hot.Add(entry.SlotRef);
        }

        if (growth > 0)
        {
            if (slice.Charges && growth > entry.Charge && !TryConfirm(in entry, bytes, isEstimated, slice, ref charge))
            {
                // Compared with others when it is found again, and until then one of the others.
                GrowingOf(entry.Value!.GetType()).Remember(entry.Value);
                return;
            }

            long again = isEstimated ? 0
                : bytes - Math.Min(bytes, alone ?? slice.Joint.CountNew(entry.Value!, _stopToken) ?? 0);
            bytes -= Math.Max(0, growth - (charge - entry.Charge));
            slice.Grown.Add(new Grown(entry, charge, bytes, again, isEstimated, slice.Lap));
        }
        else if (slice.Charges)
        {
            ChargeOrReport(in entry, charge, slice.Lap);
        }
    }

    /// <summary>
    /// Counts a value that grew when it was measured last. Mostly it is as it was then, and then one walk both confirms
    /// that and shows that nothing of it is shared.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="slice">The slice.</param>
    /// <param name="expected">What it had when it was measured last.</param>
    /// <returns>The bytes of it that no value before led to; null for none that is known.</returns>
    private long? TryCountSuspect(in AuditedEntry entry, Slice slice, out long expected)
    {
        expected = 0;
        if (!slice.Charges
            || !_suspects.TryGetValue(entry.SlotRef.Index, out Suspect? first)
            || first.Version != entry.SlotRef.Version
            || first.IsEstimated
            || first.Slice == slice.Number)
        {
            return null;
        }

        expected = first.Bytes;
        return slice.Joint.CountNew(entry.Value!, _stopToken);
    }

    /// <summary>Whether much growth is found for the second time. The smaller size of the two counts.</summary>
    private bool TryConfirm(
        in AuditedEntry entry, long bytes, bool isEstimated, Slice slice, ref long charge)
    {
        int index = entry.SlotRef.Index;
        if (_suspects.TryGetValue(index, out Suspect? first) && first.Version == entry.SlotRef.Version)
        {
            if (first.Slice == slice.Number)
            {
                return false;
            }

            _suspects.Remove(index);
            charge = Math.Min(charge, first.Charge);
            return true;
        }

        if (_suspects.Count < MostSuspects)
        {
            _suspects[index] = new Suspect(entry.SlotRef.Version, charge, bytes, isEstimated, slice.Number);
        }

        return false;
    }

    /// <summary>
    /// Whether an unfinished entry is a chain that was too long to be counted when it was stored: it did not grow.
    /// </summary>
    private static bool IsUncounted(in AuditedEntry entry) =>
        entry.IsUnfinished && ChangingTypes.Get(entry.Value).Probe is null;

    /// <summary>Measures a value to its end, unless the slice ends before.</summary>
    /// <param name="value">The value.</param>
    /// <param name="slice">The slice.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="isEstimated">Whether they are an estimate, or took more than a measurement within bounds.</param>
    /// <param name="isExtrapolated">Whether they are an estimate.</param>
    /// <returns>Whether there was time for it. If not, the slice is cut.</returns>
    private bool TryMeasure(
        object? value, Slice slice, out long bytes, out bool isEstimated, out bool isExtrapolated)
    {
        bytes = _measurer.Measure(value, out MeasureNotes notes);
        isEstimated = notes != MeasureNotes.None;
        isExtrapolated = isEstimated && (notes & MeasureNotes.LowerBound) == 0;
        if ((notes & MeasureNotes.LowerBound) == 0)
        {
            return true;
        }

        try
        {
            bytes = _measurer.MeasureFully(value!, slice.End);
            return true;
        }
        catch (OperationCanceledException) when (!IsStopped)
        {
            slice.IsCut = true;
            return false;
        }
    }
}
