namespace BoundedCache.Engine;

/// <summary>
/// Tells how long ago entries left a queue, and which of them are remembered: the last ones that together had a share
/// of the limit, those that returned not counted.
/// </summary>
/// <remarks>
/// It goes by the share of the limit that each evicted entry had, so a limit that changes leaves what is remembered as
/// it is. Bytes are added up by slices of time, so the border of what is remembered is exact to a slice.
/// </remarks>
/// <param name="capacity">The share of the limit that is remembered.</param>
internal sealed class GhostClock(double capacity)
{
    /// <summary>Ticks while as much leaves as is remembered.</summary>
    public const int TicksPerWindow = 1 << 22;

    private const uint ClockMask = uint.MaxValue >> 1;

    /// <summary>Ticks of a slice: a 64th of what is remembered.</summary>
    private const int SliceShift = 16;

    /// <summary>Slices that are kept: where most entries return, eight times what is remembered.</summary>
    private const int Slices = 512;

    /// <summary>What entries may have together, with room for what rounding adds.</summary>
    private const int Most = TicksPerWindow + 64;

    private readonly int[] _remembered = new int[Slices];
    private double _now = 1;
    private long _oldest;
    private long _total;

    /// <summary>Notes that an entry left, and returns when.</summary>
    /// <param name="share">The entry's share of the limit.</param>
    public uint Advance(double share)
    {
        long before = (long)_now;
        _now += Ticks(share);
        long now = (long)_now;
        long slice = now >> SliceShift;
        while (_oldest <= slice - Slices)
        {
            ForgetOldest();
        }

        _remembered[slice % Slices] += (int)(now - before);
        _total += now - before;

        // Half of a slice too much or too little: on average neither.
        while (_total - (_remembered[_oldest % Slices] / 2) > Most && _oldest < slice)
        {
            ForgetOldest();
        }

        return (uint)now & ClockMask;
    }

    /// <summary>Whether an entry is remembered.</summary>
    public bool Remembers(uint leftAt) => (long)_now - Age(leftAt) >= _oldest << SliceShift;

    /// <summary>No longer counts an entry that is remembered.</summary>
    public void Forget(uint leftAt, double share)
    {
        ref int remembered = ref _remembered[(((long)_now - Age(leftAt)) >> SliceShift) % Slices];
        int ticks = (int)Math.Min(remembered, Ticks(share));
        remembered -= ticks;
        _total -= ticks;
    }

    /// <summary>Ticks since an entry left.</summary>
    public uint Age(uint leftAt) => ((uint)(long)_now - leftAt) & ClockMask;

    /// <summary>Ticks for a share of the limit.</summary>
    /// <remarks>At most a window: after a limit was lowered an entry may have more than all of it.</remarks>
    private double Ticks(double share) => Math.Min(share / capacity, 1) * TicksPerWindow;

    private void ForgetOldest()
    {
        ref int remembered = ref _remembered[_oldest++ % Slices];
        _total -= remembered;
        remembered = 0;
    }
}
