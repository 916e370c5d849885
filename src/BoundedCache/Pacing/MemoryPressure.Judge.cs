using System.Diagnostics;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <content>Whether yielding helped. All of it under the lock.</content>
internal sealed partial class MemoryPressure
{
    /// <summary>Finds out whether what was evicted last left the process.</summary>
    /// <returns>
    /// Whether another collection has to be asked for, because the one that ended had begun before the entries were
    /// evicted.
    /// </returns>
    private bool MustCollect_NeedsLock(
        List<PressureMember> members, IReadOnlyList<MemoryUse> uses, List<Notice> notices)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);

        // Whether entries died is known only once the whole heap was collected.
        if (_outcome is not { } outcome || outcome.FullIndex == _reader.FullIndex)
        {
            return false;
        }

        outcome.FullIndex = _reader.FullIndex;
        if (_reader.FullIndex <= outcome.Begun)
        {
            // It kept what it had marked by then. Other releases see to a collection of their own.
            return outcome.Use.IsOfHeap;
        }

        _outcome = null;
        long room = uses.Where(use => use.Kind == outcome.Use.Kind && use.LimitBytes == outcome.Use.LimitBytes)
            .Select(static use => use.RoomBytes)
            .DefaultIfEmpty(long.MaxValue / 2)
            .Min();
        long own = outcome.OwnBytes - _reader.ReadOwn(outcome.Use.Kind);
        PressureBrake brake = _rules.BrakeOf(outcome.Use.Kind);
        if (!brake.NoteOutcome(outcome.EvictedBytes, Math.Max(own, room - outcome.Use.RoomBytes)))
        {
            return false;
        }

        foreach (PressureMember member in members)
        {
            if (member.Pressure is { } pressure && _rules.BrakeOf(pressure.Kind) == brake)
            {
                member.Set(member.CapBytes, pressure with { IsStopped = true });
                notices.Add(new Notice(member, PressureEvent.Stopped, member.Pressure!));
            }
        }

        return false;
    }

    /// <summary>Says of each cache that yields whether it stopped: memory is short, and the brake holds.</summary>
    private void Mark_NeedsLock(List<PressureMember> members, List<MemoryUse> uses)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        foreach (PressureMember member in members)
        {
            if (member.Pressure is { } pressure && IsStopped(pressure.Kind) != pressure.IsStopped)
            {
                member.Set(member.CapBytes, pressure with { IsStopped = !pressure.IsStopped });
            }
        }

        bool IsStopped(MemoryPressureKind kind)
        {
            PressureBrake brake = _rules.BrakeOf(kind);
            return brake.IsStopped
                && uses.Exists(use => _rules.BrakeOf(use.Kind) == brake && use.RoomBytes < ReserveOf(members, use));
        }
    }
}
