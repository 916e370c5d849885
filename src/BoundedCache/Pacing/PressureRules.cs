using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>When caches yield, when they rise again, and by how much. Holds no lock: its owner does.</summary>
/// <remarks>
/// <para><b>Reserve</b>: what is kept free below each limit. Below it caches yield what is missing, and some more, so
/// that the next small growth does not cause the next change.</para>
/// <para><b>Rising</b>: in steps, each after a while of room, and only by what is free beyond the reserve and beyond
/// what earlier steps let in and did not come yet. A fall soon after a rise doubles the while, up to a bound, unless
/// there is room for everything.</para>
/// <para><b>Brake</b>: yielding that does not help stops. See <see cref="PressureBrake"/>.</para>
/// </remarks>
internal sealed class PressureRules(TimeProvider time)
{
    private const long MiB = 1024 * 1024;

    /// <summary>The least reserve; a small limit keeps <see cref="LeastReservePart"/> of it instead.</summary>
    private const long LeastReserveBytes = 32 * MiB;

    private const int LeastReservePart = 6;

    /// <summary>Changes of limits in any minute, at most. One more may follow where nearly nothing is left.</summary>
    public const int MostChangesPerMinute = 24;

    /// <summary>Steps from nothing to the whole limit.</summary>
    private const int Steps = 12;

    /// <summary>What an entry costs beside its bytes, while entries come and go.</summary>
    private const double CostOfByte = 1.25;

    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_spacing = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan s_hurriedSpacing = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan s_leastCalm = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_longestCalm = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(30);

    private readonly Queue<long> _changes = new();
    private readonly PressureBrake _container = new(time);
    private readonly PressureBrake _heap = new(time);
    private readonly PressureBrake _machine = new(time);
    private long? _lastChange;
    private long? _lastRise;
    private long? _roomSince;
    private TimeSpan _calm = s_leastCalm;

    /// <summary>
    /// What is kept free below a limit. Of a limit of the heap only what is alive counts, so half the share is enough.
    /// </summary>
    public static long ReserveOf(in MemoryUse use, double share) => Math.Max(
        (long)(use.LimitBytes * (use.IsOfHeap ? share / 2 : share)),
        Math.Min(LeastReserveBytes, use.LimitBytes / LeastReservePart));

    /// <summary>Whether a limit is so near that there is no time.</summary>
    public static bool IsUrgent(in MemoryUse use, long reserveBytes) => use.RoomBytes < reserveBytes / 2;

    /// <summary>The brake of a kind of limit: the heap and its parts have one together.</summary>
    public PressureBrake BrakeOf(MemoryPressureKind kind) => kind switch
    {
        MemoryPressureKind.Container => _container,
        MemoryPressureKind.Machine => _machine,
        _ => _heap,
    };

    /// <summary>What caches should give up now, in bytes; 0 for nothing.</summary>
    /// <param name="use">The limit that is nearest.</param>
    /// <param name="reserveBytes">What is kept free below it.</param>
    /// <param name="heldBytes">What the caches hold above what pressure leaves them.</param>
    public long BytesToYield(in MemoryUse use, long reserveBytes, long heldBytes)
    {
        long missing = reserveBytes - use.RoomBytes;
        if (missing <= 0)
        {
            return 0;
        }

        _roomSince = null;
        bool isUrgent = IsUrgent(in use, reserveBytes);
        if (heldBytes <= 0 || !MayChange(isUrgent ? s_hurriedSpacing : s_spacing))
        {
            return 0;
        }

        if (_changes.Count >= MostChangesPerMinute)
        {
            return isUrgent ? heldBytes : 0;
        }

        long more = isUrgent ? reserveBytes : Math.Max(reserveBytes / 4 * 3, heldBytes / 16);
        return Math.Min(heldBytes, missing + more);
    }

    /// <summary>What caches may have back now, in bytes; 0 for nothing.</summary>
    /// <param name="spareBytes">What is free of each limit beyond its reserve, at least.</param>
    /// <param name="yieldedBytes">What the caches gave up in all, more than 0.</param>
    /// <param name="limitBytes">
    /// The sum of the caches' limits, or the limit of the process where that is less: steps are parts of it.
    /// </param>
    public long BytesToRaise(long spareBytes, long yieldedBytes, long limitBytes)
    {
        long least = Math.Min(yieldedBytes, Math.Max(limitBytes / 64, 64 * 1024));
        long affordable = (long)(spareBytes / CostOfByte);
        if (affordable < least)
        {
            _roomSince = null;
            return 0;
        }

        _roomSince ??= time.GetTimestamp();
        bool isForAll = affordable >= yieldedBytes;
        if (time.GetElapsedTime(_roomSince.Value) < (isForAll ? s_leastCalm : _calm)
            || !MayChange(s_spacing)
            || _changes.Count >= MostChangesPerMinute)
        {
            return 0;
        }

        long step = Math.Max(least, limitBytes / Steps);

        // A rest that is nearly a step comes with it.
        return yieldedBytes <= step + least && isForAll ? yieldedBytes : Math.Min(step, affordable);
    }

    /// <summary>Notes that limits fell.</summary>
    public void NoteFall()
    {
        bool isSoon = _lastRise is long rise && time.GetElapsedTime(rise) < s_soon;
        TimeSpan calm = isSoon ? 2 * _calm : s_leastCalm;
        _calm = calm < s_longestCalm ? calm : s_longestCalm;
        _lastRise = null;
        NoteChange();
    }

    /// <summary>Notes that limits rose.</summary>
    public void NoteRise()
    {
        _lastRise = time.GetTimestamp();
        _roomSince = null;
        NoteChange();
    }

    private bool MayChange(TimeSpan spacing)
    {
        while (_changes.TryPeek(out long change) && time.GetElapsedTime(change) >= s_minute)
        {
            _changes.Dequeue();
        }

        return _lastChange is not long last || time.GetElapsedTime(last) >= spacing;
    }

    private void NoteChange()
    {
        _lastChange = time.GetTimestamp();
        _changes.Enqueue(_lastChange.Value);
    }
}
