using System.Diagnostics;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <content>Which limits fall or rise, and by how much. All of it under the lock.</content>
internal sealed partial class MemoryPressure
{
    private Yield? Decide_NeedsLock(List<PressureMember> members, List<Notice> notices, out PressureRelease release)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        release = PressureRelease.None;
        if (members.Count == 0)
        {
            return null;
        }

        bool withMachine = members.Exists(static member => member.Cache.YieldsToMachine);
        long credited = members.Sum(static member => member.Cache.CreditedBytes);
        long held = members.Where(static member => !member.Cache.IsNative)
            .Select(static member => member.Cache.UsedMemory)
            .Aggregate(0L, AddSaturating);
        IReadOnlyList<MemoryUse> all = _reader.Read(credited, held, withMachine);
        NoteFull_NeedsLock();
        if (!_reader.IsIncomplete)
        {
            Judge_NeedsLock(members, all, notices);
        }

        // A limit that none of the caches can yield for is not theirs to watch.
        List<MemoryUse> uses = [.. all.Where(use => members.Exists(member => member.YieldsTo(use.Kind)))];
        Volatile.Write(ref _isLimited, uses.Count > 0 || _reader.IsIncomplete);
        if (uses.Count == 0)
        {
            // Unknown is not unlimited: limits stay what they are until the files can be read again.
            if (!_reader.IsIncomplete)
            {
                Rise_NeedsLock(members, long.MaxValue / 2, notices);
            }

            return null;
        }

        MemoryUse use = Nearest(members, uses);
        long reserve = ReserveOf(members, use);
        long spare = use.RoomBytes - reserve;
        if (spare < 0 && !IsAnyHeld(members, use))
        {
            // Short, and those who yield for it have nothing left. It says nothing about the others.
            if (!_reader.IsIncomplete)
            {
                RiseBeside_NeedsLock(use, members, uses, notices);
            }

            return null;
        }

        if (spare >= 0 && _reader.IsIncomplete)
        {
            return null;
        }

        if (spare >= 0)
        {
            bool isLow = Rise_NeedsLock(members, spare, notices);
            release = isLow && use.IsOfHeap && IsStale_NeedsLock() ? PressureRelease.Collect : PressureRelease.None;
            return null;
        }

        // What was evicted is not free before it is released.
        if (_acting > 0
            && !PressureRules.IsUrgent(in use, reserve)
            && _time.GetElapsedTime(_actedAt) < s_patience)
        {
            return null;
        }

        bool mayRelease = _releasedAt is not long last || _time.GetElapsedTime(last) >= s_betweenReleases;

        // What is empty or dead goes first, where there is time: nothing has to be evicted for it.
        if (!use.IsOfHeap
            && mayRelease
            && !PressureRules.IsUrgent(in use, reserve)
            && _reader.ReadIdle(credited) >= reserve - spare)
        {
            _actedAt = _time.GetTimestamp();
            _releasedAt = _actedAt;
            release = PressureRelease.Gentle;
            return null;
        }

        return Fall_NeedsLock(members, use, reserve, notices, out release);
    }

    /// <summary>Raises the caches that do not yield for a limit that is short, as far as their own have room.</summary>
    private void RiseBeside_NeedsLock(
        MemoryUse shortOne, List<PressureMember> members, List<MemoryUse> uses, List<Notice> notices)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        List<PressureMember> others = members.FindAll(member => !member.YieldsTo(shortOne.Kind));
        long spare = uses.Where(use => others.Exists(member => member.YieldsTo(use.Kind)))
            .Select(use => use.RoomBytes - ReserveOf(others, use))
            .DefaultIfEmpty(long.MaxValue / 2)
            .Min();
        if (others.Count > 0 && spare >= 0)
        {
            Rise_NeedsLock(others, spare, notices);
        }
    }

    private Yield? Fall_NeedsLock(
        List<PressureMember> members, MemoryUse use, long reserve, List<Notice> notices, out PressureRelease release)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        release = PressureRelease.None;
        List<PressureMember> yielding = members.FindAll(member => member.YieldsTo(use.Kind));
        long[] held = [.. yielding.Select(static member => HeldBytes(member))];
        long sum = held.Sum();
        long amount = _rules.BytesToYield(in use, reserve, sum);
        if (amount <= 0)
        {
            return null;
        }

        DateTimeOffset now = _time.GetUtcNow();
        List<PressureMember> fallen = [];
        for (int i = 0; i < held.Length; i++)
        {
            long part = (long)(amount * (held[i] / (double)sum));
            if (part > 0)
            {
                PressureMember member = yielding[i];
                long cap = member.Cache.MinMemory + held[i] - part;
                var pressure = new CachePressure
                {
                    Kind = use.Kind,
                    LimitBytes = use.LimitBytes,
                    UsedBytes = use.UsedBytes,
                    Since = member.Pressure?.Since ?? now,
                };
                member.Set(cap, pressure);
                fallen.Add(member);
                notices.Add(new Notice(member, PressureEvent.Yielded, member.Pressure!));
            }
        }

        _rules.NoteFall();
        bool isUrgent = PressureRules.IsUrgent(in use, reserve);
        release = isUrgent ? PressureRelease.Full : use.IsOfHeap ? PressureRelease.Collect : PressureRelease.Gentle;
        _actedAt = _time.GetTimestamp();
        _releasedAt = _actedAt;
        return new Yield(fallen, use, _reader.ReadOwn(use.Kind), _reader.FullIndex);
    }

    /// <returns>Whether a cache still has less than its limit.</returns>
    private bool Rise_NeedsLock(List<PressureMember> members, long spare, List<Notice> notices)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        List<PressureMember> low = members.FindAll(static member => member.Pressure is not null);
        if (low.Count == 0 || _acting > 0)
        {
            return low.Count > 0;
        }

        long[] missing = [.. low.Select(static member => member.Cache.MaxMemory - member.EffectiveBytes)];
        long sum = missing.Aggregate(0L, AddSaturating);
        long limits = members.Select(static member => member.Cache.MaxMemory).Aggregate(0L, AddSaturating);
        long pending = low.Select(static member => PendingBytes(member)).Aggregate(0L, AddSaturating);
        long amount = sum == 0 ? 0 : _rules.BytesToRaise(spare - pending, sum, limits);
        if (amount <= 0 && sum > 0)
        {
            return true;
        }

        for (int i = 0; i < low.Count; i++)
        {
            PressureMember member = low[i];
            long part = amount >= sum ? missing[i] : (long)(amount * (missing[i] / (double)sum));
            bool isWhole = part >= missing[i];
            CachePressure pressure = member.Pressure!;
            member.Set(isWhole ? long.MaxValue : member.EffectiveBytes + part, isWhole ? null : pressure);
            if (isWhole)
            {
                notices.Add(new Notice(member, PressureEvent.Ended, pressure));
            }
        }

        if (sum > 0)
        {
            _rules.NoteRise();
        }

        return amount < sum;
    }

    /// <summary>Finds out whether what was evicted last left the process.</summary>
    private void Judge_NeedsLock(List<PressureMember> members, IReadOnlyList<MemoryUse> uses, List<Notice> notices)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_wasStopped && !_rules.IsStopped)
        {
            Mark(members, notices: null, isStopped: false);
        }

        // Whether entries died is known only once the whole heap was collected.
        if (_outcome is not { } outcome || outcome.FullIndex == _reader.FullIndex)
        {
            return;
        }

        _outcome = null;
        long room = uses.Where(use => use.Kind == outcome.Use.Kind && use.LimitBytes == outcome.Use.LimitBytes)
            .Select(static use => use.RoomBytes)
            .DefaultIfEmpty(long.MaxValue / 2)
            .Min();
        long own = outcome.OwnBytes - _reader.ReadOwn(outcome.Use.Kind);
        if (_rules.NoteOutcome(outcome.EvictedBytes, outcome.Use.IsOfHeap
            ? own
            : Math.Max(own, room - outcome.Use.RoomBytes)))
        {
            Mark(members, notices, isStopped: true);
        }
    }

    private void Mark(List<PressureMember> members, List<Notice>? notices, bool isStopped)
    {
        _wasStopped = isStopped;
        foreach (PressureMember member in members)
        {
            if (member.Pressure is { } pressure)
            {
                member.Set(member.CapBytes, pressure with { IsStopped = isStopped });
                notices?.Add(new Notice(member, PressureEvent.Stopped, member.Pressure!));
            }
        }
    }

    /// <summary>
    /// The limit with the least room. One that is short but that nothing can be given up for, because those who yield
    /// for it hold nothing, does not hide another one that is short.
    /// </summary>
    private static MemoryUse Nearest(List<PressureMember> members, List<MemoryUse> uses) => uses.MinBy(use =>
    {
        long spare = use.RoomBytes - ReserveOf(members, use);
        return (spare < 0 && IsAnyHeld(members, use) ? 0 : 1, spare);
    });

    /// <summary>Whether a cache that yields for a limit holds more than pressure leaves it.</summary>
    private static bool IsAnyHeld(List<PressureMember> members, MemoryUse use) =>
        members.Exists(member => member.YieldsTo(use.Kind) && HeldBytes(member) > 0);

    /// <summary>What is kept free below a limit for the sake of the caches that yield for it.</summary>
    private static long ReserveOf(List<PressureMember> members, MemoryUse use) => PressureRules.ReserveOf(
        in use, members.Where(member => member.YieldsTo(use.Kind)).Max(static member => member.Cache.Reserve));

    /// <summary>What a cache holds above what pressure leaves it, or would hold if it were evicted down.</summary>
    private static long HeldBytes(PressureMember member) => Math.Max(
        0, Math.Min(member.Cache.UsedMemory, member.EffectiveBytes) - member.Cache.MinMemory);

    /// <summary>
    /// What a cache may still take in. One that is far from its limit is not expected to fill: it could before too.
    /// </summary>
    private static long PendingBytes(PressureMember member)
    {
        (long effective, long used) = (member.EffectiveBytes, member.Cache.UsedMemory);
        return used >= effective / 4 * 3 ? Math.Max(0, effective - used) : 0;
    }
}
