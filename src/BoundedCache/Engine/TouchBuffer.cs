using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>
/// The touches of one thread that are not yet applied to the order of use. Written by its thread, emptied under the
/// lock.
/// </summary>
internal sealed class TouchBuffer
{
    /// <summary>
    /// Touches that fit. If the buffer is full, the newest touch is lost. That only happens while another thread holds
    /// the lock.
    /// </summary>
    public const int Capacity = 256;

    /// <summary>
    /// From this many touches on the owner tries to take the lock, at every <see cref="Retry"/>th touch.
    /// </summary>
    private const int Full = 128;
    private const int Retry = 16;

    /// <summary>Inside the object, which saves a load for every touch.</summary>
    private Touches _touches;

    /// <summary>How many touches were ever written and how many taken; their difference is what waits.</summary>
    private ulong _written;
    private ulong _taken;

    /// <summary>
    /// The count of written touches at which the owner checks how many were taken. Until then there is room.
    /// </summary>
    private ulong _nextLook = Retry;

    /// <summary>Touches that found no room.</summary>
    public long Lost;

    /// <summary>All touches of the owner, also those that found no room. Any thread may read it.</summary>
    public long Uses => (long)Volatile.Read(ref _written) + Volatile.Read(ref Lost);

    /// <summary>Whether the buffer is on the stack of those that are not empty.</summary>
    public bool IsPending;

    /// <summary>The buffer below this one on that stack.</summary>
    public TouchBuffer? NextPending;

    /// <summary>
    /// The epoch of the oldest touch that waits, if there is one before <paramref name="end"/>. Under the lock.
    /// </summary>
    public bool TryPeek(ulong end, out uint epoch)
    {
        epoch = _touches[(int)(_taken % Capacity)].Epoch;
        return _taken != end;
    }

    /// <summary>The end of what waits now. Under the lock.</summary>
    public ulong End => Volatile.Read(ref _written);

    /// <summary>
    /// Takes touches of one epoch, oldest first, as many as there are before <paramref name="end"/>
    /// and fit. Under the lock.
    /// </summary>
    /// <returns>How many were taken.</returns>
    public int Take(ulong end, uint epoch, Span<int> into)
    {
        ulong taken = _taken;
        int count = 0;
        while (taken != end
            && count < into.Length
            && _touches[(int)(taken % Capacity)] is var touch
            && touch.Epoch == epoch)
        {
            into[count++] = touch.Index;
            taken++;
        }

        Volatile.Write(ref _taken, taken);
        return count;
    }

    /// <summary>Adds a touch, if there is room. By the owner.</summary>
    /// <returns>Whether the buffer should be emptied now.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Add(int index, uint epoch)
    {
        ulong written = _written;
        if (written == _nextLook)
        {
            return AddAndLook(index, epoch);
        }

        _touches[(int)(written % Capacity)] = new Touch(index, epoch);
        Volatile.Write(ref _written, written + 1);
        return false;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool AddAndLook(int index, uint epoch)
    {
        ulong written = _written;
        ulong waiting = written - Volatile.Read(ref _taken);
        if (waiting == Capacity)
        {
            Lost++;
            return true;
        }

        _touches[(int)(written % Capacity)] = new Touch(index, epoch);
        Volatile.Write(ref _written, written + 1);
        _nextLook = written + Math.Min((ulong)Retry, Capacity - waiting);
        return waiting >= Full;
    }

    [InlineArray(Capacity)]
    private struct Touches
    {
        private Touch _first;
    }
}

/// <summary>That an entry was used, and in which epoch of <see cref="TouchLog"/>.</summary>
internal readonly record struct Touch(int Index, uint Epoch);

/// <summary>What became of a touch.</summary>
internal enum TouchNote
{
    Added,

    /// <summary>Added, and the buffer is getting full: apply the touches now if the lock is free.</summary>
    Due,

    /// <summary>Not added, since the thread has no buffer: touch now if the lock is free.</summary>
    Unbuffered,
}
