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
internal sealed partial class MemoryPressure
{
    /// <summary>What caches must hold in all before it looks by itself.</summary>
    public const long WatchedBytes = 8 * 1024 * 1024;

    /// <summary>Bytes that came after which it looks however short ago the last look was.</summary>
    private const long MuchBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_betweenReleases = TimeSpan.FromSeconds(30);

    /// <summary>How long a release may take before the next fall, where it is not urgent.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly WeakList<PressureMember> _members = new();
    private readonly PressureReader _reader;
    private readonly PressureRules _rules;
    private readonly TimeProvider _time;
    private readonly Action<Action> _run;
    private readonly Action<PressureRelease, Action> _release;
    private WeakTimer<MemoryPressure>? _timer;
    private long _lookedAt = long.MinValue;
    private long _cameSinceLook;
    private bool _isLimited = true;
    private int _acting;
    private Yield? _outcome;
    private long? _releasedAt;
    private long _actedAt;
    private long _came;
    private long _credited;

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
        // The cache is disposed, and nobody would do it later.
        using (_lock.EnterAlways())
        {
            _members.Remove(member);
            (long came, long credited) = member.TakeLastChange();
            (_came, _credited) = (_came + came, _credited + credited);
        }
    }

    /// <summary>
    /// About so many bytes came into a cache: <see cref="PressureMember.LookEveryBytes"/>, or less into a small one.
    /// </summary>
    public void OnCame(long bytes)
    {
        bool isLimited = Volatile.Read(ref _isLimited);
        bool isMuch = Interlocked.Add(ref _cameSinceLook, bytes) >= MuchBytes && isLimited;
        long since = Volatile.Read(ref _lookedAt);
        if (isMuch || since == long.MinValue || _time.GetElapsedTime(since) >= (isLimited ? s_between : s_period))
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
            catch (OutOfMemoryException)
            {
                // The next bytes try again.
            }
            finally
            {
                _lock.Exit();
            }
        }
    }

    /// <summary>Looks at the limits, and does what is due.</summary>
    /// <remarks>
    /// Where memory is too short even for this, the next look tries again: neither the writer may fail for it, nor the
    /// process end with the timer.
    /// </remarks>
    internal void Look()
    {
        if (!_lock.TryEnter())
        {
            return;
        }

        // Nothing is allocated outside the try: then the lock would never be left.
        List<Notice>? notices = null;
        Act? act = null;
        try
        {
            notices = [];
            Volatile.Write(ref _lookedAt, _time.GetTimestamp());
            Volatile.Write(ref _cameSinceLook, 0);
            List<PressureMember> members = _members.ToList();
            Watch_NeedsLock(members);
            Yield? yield = Decide_NeedsLock(members, notices, out PressureRelease release);
            if (yield is not null || release != PressureRelease.None)
            {
                act = new Act(this, yield, release);
                _acting++;
            }
        }
        catch (OutOfMemoryException)
        {
            // The next look tries again.
        }
        finally
        {
            _lock.Exit();
        }

        act?.Start();
        if (notices is null)
        {
            return;
        }

        foreach (Notice notice in notices)
        {
            notice.Member.Cache.OnPressure(notice.Change, notice.Pressure);
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

    private static long AddSaturating(long one, long other) =>
        one > (long.MaxValue / 2) - other ? long.MaxValue / 2 : one + other;

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
