using System.Diagnostics;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>
/// Lets caches yield before a limit is reached at which the process would be ended, and rise again when there is room.
/// One for the process. It looks at the limits when bytes came into a cache, and on a slow timer that exists only while
/// caches hold something that is worth a look.
/// </summary>
/// <remarks>
/// <para>A look reads a few small files, on the writer's thread or the timer's. New limits hold when it ends. Entries
/// are evicted and memory is released on other threads, since a process in trouble often has no free pool
/// threads.</para>
/// <para>Lock: <c>_lock</c> guards everything; a look that finds it taken is left out. Under it caches' limits are set,
/// which takes their locks briefly. No user code, eviction, release or log runs under it.</para>
/// </remarks>
internal sealed class MemoryPressure
{
    /// <summary>What caches must hold in all before it looks by itself.</summary>
    public const long WatchedBytes = 8 * 1024 * 1024;

    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_betweenReleases = TimeSpan.FromSeconds(30);

    /// <summary>How long a release may take before the next fall, where it is not urgent.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_stale = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly WeakList<PressureMember> _members = new();
    private readonly PressureReader _reader;
    private readonly PressureRules _rules;
    private readonly TimeProvider _time;
    private readonly Action<Action> _run;
    private readonly Action<PressureRelease, Action> _release;
    private WeakTimer<MemoryPressure>? _timer;
    private long _lookedAt = long.MinValue;
    private bool _isLimited = true;
    private int _acting;
    private Outcome? _outcome;
    private long? _releasedAt;
    private long _fullIndex;
    private long _fullAt;
    private long _actedAt;
    private bool _wasStopped;

    /// <param name="memory">The process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="run">Runs evictions on another thread.</param>
    /// <param name="release">
    /// Gives memory back, in this way, and then calls back, on whatever thread. Must not throw, and may return first.
    /// </param>
    public MemoryPressure(
        ProcessMemory memory, TimeProvider time, Action<Action> run, Action<PressureRelease, Action> release)
    {
        _reader = new PressureReader(memory);
        _rules = new PressureRules(time);
        _time = time;
        _run = run;
        _release = release;
    }

    /// <summary>Whether its timer runs.</summary>
    internal bool IsWatching => Volatile.Read(ref _timer) is not null;

    /// <summary>Takes a cache into account for as long as it lives.</summary>
    public PressureMember Join(IYieldingCache cache)
    {
        var member = new PressureMember(this, cache);
        lock (_lock)
        {
            _members.Add(member);
        }

        return member;
    }

    /// <summary>Stops taking a cache into account. Its limit stays what it is.</summary>
    public void Leave(PressureMember member)
    {
        lock (_lock)
        {
            _members.Remove(member);
        }
    }

    /// <summary>Bytes came into a cache.</summary>
    public void OnCame()
    {
        long since = Volatile.Read(ref _lookedAt);
        TimeSpan between = Volatile.Read(ref _isLimited) ? s_between : s_period;
        if (since == long.MinValue || _time.GetElapsedTime(since) >= between)
        {
            Look();
        }
        else if (!IsWatching && _lock.TryEnter())
        {
            // It is too early for a look. But these may be the last bytes for long: then only the timer looks.
            try
            {
                Watch_NeedsLock(_members.ToList());
            }
            finally
            {
                _lock.Exit();
            }
        }
    }

    /// <summary>Looks at the limits, and does what is due.</summary>
    internal void Look()
    {
        if (!_lock.TryEnter())
        {
            return;
        }

        List<Notice> notices = [];
        Yield? yield = null;
        PressureRelease release = PressureRelease.None;
        try
        {
            Volatile.Write(ref _lookedAt, _time.GetTimestamp());
            List<PressureMember> members = _members.ToList();
            Watch_NeedsLock(members);
            yield = Decide_NeedsLock(members, notices, out release);
            _acting += yield is null && release == PressureRelease.None ? 0 : 1;
        }
        finally
        {
            _lock.Exit();
        }

        foreach (Notice notice in notices)
        {
            notice.Member.Cache.OnPressure(notice.Change, notice.Pressure);
        }

        if (yield is not null || release != PressureRelease.None)
        {
            _run(() => Act(yield, release));
        }
    }

    private void Act(Yield? yield, PressureRelease release)
    {
        long evicted = 0;
        foreach (PressureMember member in yield?.Members ?? [])
        {
            evicted += member.Cache.EvictDownToLimit();
        }

        _release(release, () =>
        {
            lock (_lock)
            {
                _acting--;
                if (yield is not null)
                {
                    _outcome = new Outcome(yield.Use, yield.OwnBytes, yield.FullIndex, evicted);
                }
            }
        });
    }

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
        IReadOnlyList<MemoryUse> uses = _reader.Read(credited, withMachine);
        Volatile.Write(ref _isLimited, uses.Count > 0);
        double share = members.Max(static member => member.Cache.Reserve);
        Judge_NeedsLock(members, uses, notices);
        if (uses.Count == 0)
        {
            Rise_NeedsLock(members, long.MaxValue / 2, notices);
            return null;
        }

        MemoryUse use = uses.MinBy(use => use.RoomBytes - PressureRules.ReserveOf(in use, share));
        long reserve = PressureRules.ReserveOf(in use, share);
        long spare = use.RoomBytes - reserve;
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

    private Yield? Fall_NeedsLock(
        List<PressureMember> members, MemoryUse use, long reserve, List<Notice> notices, out PressureRelease release)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        release = PressureRelease.None;
        List<PressureMember> yielding = use.Kind == MemoryPressureKind.Machine
            ? members.FindAll(static member => member.Cache.YieldsToMachine)
            : members;
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

    /// <summary>
    /// Whether what is alive in the heap is known only from long ago: what other code gave back shows in the next
    /// collection of the whole heap, which nobody may ask for.
    /// </summary>
    private bool IsStale_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_acting > 0 || _reader.FullIndex != _fullIndex)
        {
            (_fullIndex, _fullAt) = (_reader.FullIndex, _time.GetTimestamp());
            return false;
        }

        if (_time.GetElapsedTime(_fullAt) < s_stale)
        {
            return false;
        }

        _fullAt = _time.GetTimestamp();
        return true;
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

    private void Watch_NeedsLock(List<PressureMember> members)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        bool isWatched = members.Exists(static member => member.Pressure is not null)
            || members.Select(static member => member.Cache.UsedMemory).Aggregate(0L, AddSaturating) >= WatchedBytes;
        if (isWatched && _timer is null)
        {
            Volatile.Write(
                ref _timer,
                new WeakTimer<MemoryPressure>(_time, this, static pressure => pressure.Look(), s_period, s_period));
        }
        else if (!isWatched && _timer is not null)
        {
            _timer.Stop();
            Volatile.Write(ref _timer, null);
        }
    }

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

    private static long AddSaturating(long one, long other) =>
        one > (long.MaxValue / 2) - other ? long.MaxValue / 2 : one + other;

    private sealed record Yield(List<PressureMember> Members, MemoryUse Use, long OwnBytes, long FullIndex);

    private sealed record Outcome(MemoryUse Use, long OwnBytes, long FullIndex, long EvictedBytes);

    private readonly record struct Notice(PressureMember Member, PressureEvent Change, CachePressure Pressure);
}

/// <summary>How memory is given back under pressure: in the way there is time for.</summary>
internal enum PressureRelease
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>The whole heap is collected in the background, and gives nothing back to the system.</summary>
    Collect,

    /// <summary>A gentle release.</summary>
    Gentle,

    /// <summary>A full release, which stops the process.</summary>
    Full,
}
