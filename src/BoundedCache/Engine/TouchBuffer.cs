using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>
/// The touches of one thread that are not applied to the order of use yet, and that thread's counts of hits and misses. Written
/// by its thread, emptied under the lock.
/// </summary>
internal sealed class TouchBuffer
{
    /// <summary>Touches that fit; when they do not, the newest is lost, which only happens while somebody else holds the lock.</summary>
    private const int Capacity = 128;

    /// <summary>From here on the thread tries for the lock, at every <see cref="Retry"/>th touch.</summary>
    private const int Full = 64;
    private const int Retry = 8;

    private readonly Touch[] _touches = new Touch[Capacity];

    /// <summary>How many touches were ever written and how many taken; their difference is what waits.</summary>
    private uint _written;
    private uint _taken;

    public long Hits;
    public long Misses;

    /// <summary>Touches that found no room.</summary>
    public long Lost;

    /// <summary>Whether the buffer is on the stack of those that are not empty.</summary>
    public bool IsPending;

    /// <summary>The buffer below this one on that stack.</summary>
    public TouchBuffer? NextPending;

    /// <summary>Whether it is time for the owner to have the buffer emptied.</summary>
    public bool IsDue
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            uint waiting = _written - Volatile.Read(ref _taken);
            return waiting >= Full && waiting % Retry == 0;
        }
    }

    /// <summary>The oldest touch that waits, if there is one before <paramref name="end"/>. Under the lock.</summary>
    public bool TryPeek(uint end, out Touch touch)
    {
        touch = _touches[_taken % Capacity];
        return _taken != end;
    }

    /// <summary>The end of what waits now. Under the lock.</summary>
    public uint End => Volatile.Read(ref _written);

    /// <summary>Takes the oldest touch. Under the lock.</summary>
    public void Take() => Volatile.Write(ref _taken, _taken + 1);

    /// <summary>Adds a touch. By the owner.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int index, uint epoch)
    {
        uint written = _written;
        if (written - Volatile.Read(ref _taken) >= Capacity)
        {
            Lost++;
            return;
        }

        _touches[written % Capacity] = new Touch(index, epoch);
        Volatile.Write(ref _written, written + 1);
    }
}

/// <summary>That an entry was used, and in which epoch of <see cref="TouchLog"/>.</summary>
internal readonly record struct Touch(int Index, uint Epoch);
