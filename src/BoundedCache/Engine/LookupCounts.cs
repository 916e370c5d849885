using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Engine;

/// <summary>How many lookups found an entry and how many did not: counted by each thread in a cell of its own, added up by whoever asks.</summary>
/// <remarks>
/// <para>A thread remembers its cells for the caches that it last used, by the caches' numbers. That is a load from thread-local storage; the
/// number of the thread, by which a cell is found otherwise, costs a call into the runtime, more than all the rest of counting.</para>
/// <para>Cells are indexed by <see cref="Environment.CurrentManagedThreadId"/>, which the runtime gives to the next thread once its thread is
/// gone, so there are no more of them than threads that lived at one time, and no count is lost with its thread. Threads numbered beyond
/// <see cref="MaxCells"/> count together. What a thread remembers of a cache that is gone is one cell, and no cache.</para>
/// </remarks>
internal sealed class LookupCounts
{
    private const int MaxCells = 1024;

    /// <summary>Caches that a thread remembers its cell of, a power of two: those whose numbers differ in the last bits.</summary>
    private const int Remembered = 8;

#pragma warning disable IDE1006 // t_: one per thread
    [ThreadStatic]
    private static Cell?[]? t_own;
#pragma warning restore IDE1006

    private static long s_lastNumber;

    private readonly long _number = Interlocked.Increment(ref s_lastNumber);
    private readonly Lock _making = new();
    private Cell?[] _cells = [];
    private long _sharedHits;
    private long _sharedMisses;

    public long Hits => Sum(static cell => Volatile.Read(ref cell.Hits)) + Interlocked.Read(ref _sharedHits);

    public long Misses => Sum(static cell => Volatile.Read(ref cell.Misses)) + Interlocked.Read(ref _sharedMisses);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Count(bool hit)
    {
        Cell?[]? own = t_own;
        if (own is null || own[(int)_number & (Remembered - 1)] is not { } cell || cell.Owner != _number)
        {
            FindAndCount(hit);
        }
        else if (hit)
        {
            cell.Hits++;
        }
        else
        {
            cell.Misses++;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FindAndCount(bool hit)
    {
        if (OwnCell() is { } cell)
        {
            (t_own ??= new Cell?[Remembered])[(int)_number & (Remembered - 1)] = cell;
            (hit ? ref cell.Hits : ref cell.Misses)++;
        }
        else
        {
            Interlocked.Increment(ref hit ? ref _sharedHits : ref _sharedMisses);
        }
    }

    private Cell? OwnCell()
    {
        int thread = Environment.CurrentManagedThreadId;
        if ((uint)thread >= MaxCells)
        {
            return null;
        }

        Cell?[] cells = Volatile.Read(ref _cells);
        if (thread < cells.Length && cells[thread] is { } cell)
        {
            return cell;
        }

        lock (_making)
        {
            if (thread >= _cells.Length)
            {
                var larger = new Cell?[Math.Min(MaxCells, Math.Max(thread + 1, Math.Max(8, _cells.Length * 2)))];
                _cells.CopyTo(larger, 0);
                Volatile.Write(ref _cells, larger);
            }

            return _cells[thread] ??= new Cell { Owner = _number };
        }
    }

    private long Sum(Func<Cell, long> count)
    {
        long sum = 0;
        foreach (Cell? cell in Volatile.Read(ref _cells))
        {
            sum += cell is null ? 0 : count(cell);
        }

        return sum;
    }

    /// <summary>One thread's counts for one cache, which only that thread writes; so large that wherever the collector puts cells, no two threads write to one cache line.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private sealed class Cell
    {
        /// <summary>The number of the cache.</summary>
        public required long Owner;
        public long Hits;
        public long Misses;
    }
}
