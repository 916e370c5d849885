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
        NoteChanges_NeedsLock(members);
        IReadOnlyList<MemoryUse> all = _reader.Read(_credited, _came, withMachine);
        NoteFull_NeedsLock();
        if (!_reader.IsIncomplete && MustCollect_NeedsLock(members, all, notices))
        {
            release = PressureRelease.Collect;
        }

        // A limit that none of the caches can yield for is not theirs to watch.
        List<MemoryUse> uses = [.. all.Where(use => members.Exists(member => member.YieldsTo(use.Kind)))];
        Volatile.Write(ref _isLimited, uses.Count > 0 || _reader.IsIncomplete);
        if (!_reader.IsIncomplete)
        {
            Mark_NeedsLock(members, uses);
        }

        if (uses.Count == 0)
        {
            // Unknown is not unlimited: limits stay what they are until the files can be read again.
            if (!_reader.IsIncomplete)
            {
                Rise_NeedsLock(members, long.MaxValue / 2, long.MaxValue, notices);
            }

            return null;
        }

        MemoryUse use = Nearest(members, uses);
        long reserve = ReserveOf(members, use);
        long spare = use.RoomBytes - reserve;
        bool mayYield = MayYield(members, use);
        if (spare < 0 && !mayYield && !_reader.IsIncomplete)
        {
            // Short, and those who yield for it have nothing left, or it does not help. It says nothing about the
            // others.
            RiseBeside_NeedsLock(use, members, uses, notices);

            // What other code let go meanwhile shows only in a collection, and evicting asks for none now.
            bool isLow = members.Exists(member => member.YieldsTo(use.Kind) && member.Pressure is not null);
            release = isLow && use.IsOfHeap && IsStale_NeedsLock() ? PressureRelease.Collect : release;
        }

        if (spare < 0 && !IsAnyHeld(members, use))
        {
            return null;
        }

        if (spare >= 0 && _reader.IsIncomplete)
        {
            return null;
        }

        if (spare >= 0)
        {
            bool isLow = Rise_NeedsLock(members, spare, use.LimitBytes, notices);
            release = isLow && use.IsOfHeap && IsStale_NeedsLock() ? PressureRelease.Collect : release;
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
            && _reader.ReadIdle(_credited) >= reserve - spare)
        {
            _actedAt = _time.GetTimestamp();
            _releasedAt = _actedAt;
            release = PressureRelease.Gentle;
            return null;
        }

        return mayYield ? Fall_NeedsLock(members, use, reserve, notices, ref release) : null;
    }

    /// <summary>Adds what came into the caches and left them. What a cache added stays when it is no more.</summary>
    private void NoteChanges_NeedsLock(List<PressureMember> members)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        foreach (PressureMember member in members)
        {
            (long came, long credited) = member.TakeChange();
            (_came, _credited) = (_came + came, _credited + credited);
        }
    }

    /// <summary>Raises the caches that do not yield for a limit that is short, as far as their own have room.</summary>
    private void RiseBeside_NeedsLock(
        MemoryUse shortOne, List<PressureMember> members, List<MemoryUse> uses, List<Notice> notices)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        List<PressureMember> others = members.FindAll(member => !member.YieldsTo(shortOne.Kind));
        List<MemoryUse> theirs = uses.FindAll(use => others.Exists(member => member.YieldsTo(use.Kind)));
        long spare = theirs.Select(use => use.RoomBytes - ReserveOf(others, use))
            .DefaultIfEmpty(long.MaxValue / 2)
            .Min();
        if (others.Count > 0 && spare >= 0)
        {
            long limit = theirs.Select(static use => use.LimitBytes).DefaultIfEmpty(long.MaxValue).Min();
            Rise_NeedsLock(others, spare, limit, notices);
        }
    }

    private Yield? Fall_NeedsLock(
        List<PressureMember> members, MemoryUse use, long reserve, List<Notice> notices, ref PressureRelease release)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        List<PressureMember> yielding = members.FindAll(member => member.YieldsTo(use.Kind));
        long[] held = [.. yielding.Select(member => HeldBytes(member, use))];
        long sum = held.Aggregate(0L, AddSaturating);
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
                long cap = member.Cache.MinMemoryUnder(use.LimitBytes) + held[i] - part;
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
        return new Yield(fallen, use, _reader.ReadOwn(use.Kind), _reader.FullIndex) { Begun = _reader.Begun };
    }

    /// <returns>Whether a cache still has less than its limit.</returns>
    private bool Rise_NeedsLock(List<PressureMember> members, long spare, long limitBytes, List<Notice> notices)
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
        long amount = sum == 0 ? 0 : _rules.BytesToRaise(spare - pending, sum, Math.Min(limits, limitBytes));
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

    /// <summary>
    /// The limit with the least room. One that is short but that nothing can be given up for does not hide another one
    /// that is short.
    /// </summary>
    private MemoryUse Nearest(List<PressureMember> members, List<MemoryUse> uses) => uses.MinBy(use =>
    {
        long spare = use.RoomBytes - ReserveOf(members, use);
        return (spare < 0 && MayYield(members, use) ? 0 : 1, spare);
    });

    /// <summary>Whether there is something to give up for a limit, and it is not known not to help.</summary>
    private bool MayYield(List<PressureMember> members, MemoryUse use) =>
        !_rules.BrakeOf(use.Kind).IsStopped && IsAnyHeld(members, use);

    /// <summary>Whether a cache that yields for a limit holds more than pressure leaves it.</summary>
    private static bool IsAnyHeld(List<PressureMember> members, MemoryUse use) =>
        members.Exists(member => member.YieldsTo(use.Kind) && HeldBytes(member, use) > 0);

    /// <summary>What is kept free below a limit for the sake of the caches that yield for it.</summary>
    private static long ReserveOf(List<PressureMember> members, MemoryUse use) => PressureRules.ReserveOf(
        in use, members.Where(member => member.YieldsTo(use.Kind)).Max(static member => member.Cache.Reserve));

    /// <summary>What a cache holds above what pressure leaves it, or would hold if it were evicted down.</summary>
    private static long HeldBytes(PressureMember member, MemoryUse use) => Math.Max(
        0,
        Math.Min(member.Cache.UsedMemory, member.EffectiveBytes) - member.Cache.MinMemoryUnder(use.LimitBytes));

    /// <summary>
    /// What a cache may still take in. One that is far from its limit is not expected to fill: it could before too.
    /// </summary>
    private static long PendingBytes(PressureMember member)
    {
        (long effective, long used) = (member.EffectiveBytes, member.Cache.UsedMemory);
        return used >= effective / 4 * 3 ? Math.Max(0, effective - used) : 0;
    }
}
