using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Engine;

/// <summary>
/// The touches of all threads that are not yet applied to the order of use. A reader adds one without a lock. A thread
/// that holds the lock applies them all, in the order in which they happened.
/// </summary>
/// <remarks>
/// <para>Each thread has a buffer. The <em>turn token</em> keeps the order between buffers: one word that names the
/// thread which touched last (or nobody, or everybody), and an epoch that rises whenever the name changes. A thread
/// that finds its own name adds to its buffer; another first takes the turn token, which is one compare-and-swap.
/// Touches are applied by epoch, so uses that do not overlap in time are applied exactly in their order, whichever
/// threads made them.</para>
/// <para>Uses that overlap have no order to keep, and the turn token would only move between processors. A thread that
/// sees the turn token change during its own use knows that uses overlap, and gives the token to everybody. When all
/// touches are applied, it is nobody's again. So threads at full speed seldom take the token, and threads that take
/// turns never lose order. Lost under overlap: the order between threads while the token is everybody's, and touches
/// that find their buffer full while the lock is held (<see cref="LostTouches"/>).</para>
/// <para>Buffers are indexed by <see cref="Environment.CurrentManagedThreadId"/>, which the runtime reuses after a
/// thread has ended. So there are no more buffers than threads that lived at one time, and they are freed with the
/// cache. Threads numbered beyond <see cref="MaxBuffers"/> have none and touch under the lock, if it is free.</para>
/// </remarks>
/// <param name="maxBuffers">Threads that may have a buffer.</param>
internal sealed partial class TouchLog(int maxBuffers = TouchLog.MaxBuffers)
{
    private const int MaxBuffers = 1024;

    /// <summary>Touches applied together: at least as many as a processor can prefetch at once.</summary>
    private const int BatchTouches = 128;

    /// <summary>
    /// While the turn token is everybody's, full buffers and writes apply only one buffer; every so many times they
    /// apply all.
    /// </summary>
    internal const int ApplyAllEvery = 8;
    private const int Nobody = 0;
    private const int Everybody = -1;

    private TouchBuffer?[] _buffers = [];
    private readonly Lock _making = new();
    private readonly List<Source> _sources = [];
    private Lines _lines;
    private long _unbuffered;
    private long _sharedLost;

    /// <summary>Whether touches wait to be applied.</summary>
    public bool HasPending
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _lines.Pending) is not null;
    }

    /// <summary>Touches that were never applied, because their buffer was full and the lock was held.</summary>
    public long LostTouches => Sum(static buffer => Volatile.Read(ref buffer.Lost)) + Interlocked.Read(ref _sharedLost);

    /// <summary>
    /// Uses that were ever added, whether their touches were applied or lost. Exact for uses that the caller knows to
    /// have ended.
    /// </summary>
    public long Uses => Sum(static buffer => buffer.Uses) + Interlocked.Read(ref _unbuffered);

    /// <summary>Read when a use begins; pass the value to <see cref="Add"/>.</summary>
    public long Begin
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _lines.TurnToken);
    }

    /// <summary>Adds the touch of a use that began when the turn token was <paramref name="begin"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TouchNote Add(int index, long begin)
    {
        int thread = Environment.CurrentManagedThreadId;
        TouchBuffer?[] buffers = _buffers;
        if ((uint)thread >= (uint)buffers.Length || buffers[thread] is not { } buffer)
        {
            if (MakeBuffer(thread) is not { } made)
            {
                Interlocked.Increment(ref _unbuffered);
                return TouchNote.Unbuffered;
            }

            buffer = made;
        }

        long turn = Volatile.Read(ref _lines.TurnToken);
        int holder = (int)turn;
        if (holder != thread && holder != Everybody)
        {
            turn = TakeTurn(turn, begin, thread);
        }

        bool isDue = buffer.Add(index, (uint)(turn >> 32));
        if (!Volatile.Read(ref buffer.IsPending))
        {
            Push(buffer);
        }

        return isDue ? TouchNote.Due : TouchNote.Added;
    }

    /// <summary>Counts a touch that was not applied because the thread has no buffer and the lock was held.</summary>
    public void CountLost() => Interlocked.Increment(ref _sharedLost);

    /// <summary>
    /// Applies the touches of this thread, whose buffer is due or which writes, and those of other threads as far as
    /// order needs it. Under the lock.
    /// </summary>
    /// <remarks>
    /// While the turn token is everybody's, there is no order between buffers, and emptying the buffers of others only
    /// moves memory between processors. Every <see cref="ApplyAllEvery"/> times all are emptied nevertheless, so that
    /// the turn token becomes nobody's, and order is kept again once threads no longer overlap.
    /// </remarks>
    public void ApplyDueTo(ITouchOrder order)
    {
        if ((int)Volatile.Read(ref _lines.TurnToken) != Everybody || ++_lines.OwnApplications % ApplyAllEvery == 0)
        {
            ApplyTo(order);
        }
        else if (OwnBuffer() is { } buffer)
        {
            ulong end = buffer.End;
            while (buffer.TryPeek(end, out uint epoch))
            {
                Apply(buffer, end, epoch, order);
            }
        }
    }

    /// <summary>Applies all pending touches, oldest epoch first. Under the lock.</summary>
    public void ApplyTo(ITouchOrder order)
    {
        // Buffers leave the stack before their ends are read: a touch that comes in between puts its buffer back on the
        // stack. (If that thread does not see the mark yet, the touch waits for the thread's next one. It overlaps with
        // this call, so it may be late.) All are collected before the first is marked: from then on its owner may push
        // it again, which writes NextPending.
        TakePending();
        if (_sources.Count == 0)
        {
            return;
        }

        foreach (Source source in _sources)
        {
            Volatile.Write(ref source.Buffer.IsPending, false);
        }

        long turn = Volatile.Read(ref _lines.TurnToken);
        if ((int)turn == Everybody)
        {
            Interlocked.CompareExchange(ref _lines.TurnToken, Next(turn, Nobody), turn);
        }
        else
        {
            Interlocked.MemoryBarrier();
        }

        Span<Source> sources = CollectionsMarshal.AsSpan(_sources);
        foreach (ref Source source in sources)
        {
            source.End = source.Buffer.End;
        }

        while (TryFindOldest(sources, out int oldest, out uint epoch))
        {
            Apply(sources[oldest].Buffer, sources[oldest].End, epoch, order);
        }

        _sources.Clear();
    }

    /// <summary>Applies touches of one epoch from one buffer.</summary>
    private static void Apply(TouchBuffer buffer, ulong end, uint epoch, ITouchOrder order)
    {
        Span<int> batch = stackalloc int[BatchTouches];
        int count = buffer.Take(end, epoch, batch);
        order.Touch(batch[..count]);
    }

    /// <summary>The buffer with the oldest touch. Within each buffer epochs only rise.</summary>
    private static bool TryFindOldest(ReadOnlySpan<Source> sources, out int oldest, out uint epoch)
    {
        oldest = -1;
        epoch = 0;
        for (int i = 0; i < sources.Length; i++)
        {
            // Epochs are 32 bits and wrap; those that are pending at one time lie close together.
            if (sources[i].Buffer.TryPeek(sources[i].End, out uint first) && (oldest < 0 || (int)(first - epoch) < 0))
            {
                (oldest, epoch) = (i, first);
            }
        }

        return oldest >= 0;
    }

    private static long Next(long turn, int holder) => ((turn >> 32) + 1) << 32 | (uint)holder;

    /// <summary>
    /// Makes the turn token this thread's, or everybody's where another thread's use overlapped this one.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private long TakeTurn(long turn, long begin, int thread)
    {
        long taken = Next(turn, turn == begin ? thread : Everybody);
        long seen = Interlocked.CompareExchange(ref _lines.TurnToken, taken, turn);

        // If another thread was faster, the two uses overlap, and either order is right.
        return seen == turn ? taken : seen;
    }

    /// <summary>This thread's buffer, if it ever noted a use.</summary>
    private TouchBuffer? OwnBuffer()
    {
        int thread = Environment.CurrentManagedThreadId;
        TouchBuffer?[] buffers = _buffers;
        return (uint)thread < (uint)buffers.Length ? buffers[thread] : null;
    }

    private TouchBuffer? MakeBuffer(int thread)
    {
        if ((uint)thread >= (uint)maxBuffers)
        {
            return null;
        }

        lock (_making)
        {
            if (thread >= _buffers.Length)
            {
                var larger = new TouchBuffer?[Math.Min(
                    maxBuffers, Math.Max(thread + 1, Math.Max(8, _buffers.Length * 2)))];
                _buffers.CopyTo(larger, 0);
                Volatile.Write(ref _buffers, larger);
            }

            return _buffers[thread] ??= new TouchBuffer();
        }
    }

    private long Sum(Func<TouchBuffer, long> count)
    {
        long sum = 0;
        foreach (TouchBuffer? buffer in Volatile.Read(ref _buffers))
        {
            sum += buffer is null ? 0 : count(buffer);
        }

        return sum;
    }

    /// <summary>A buffer whose touches are being applied, up to where they stood when that began.</summary>
    private struct Source(TouchBuffer buffer)
    {
        public readonly TouchBuffer Buffer = buffer;
        public ulong End;
    }

    /// <summary>
    /// What every reader reads, and what is written when touches are applied, on separate cache lines.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Lines
    {
        /// <summary>The epoch in the high half, the name in the low one.</summary>
        [FieldOffset(64)]
        public long TurnToken;

        [FieldOffset(128)]
        public TouchBuffer? Pending;

        [FieldOffset(136)]
        public int OwnApplications;
    }
}
