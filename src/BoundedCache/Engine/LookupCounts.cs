using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Engine;

/// <summary>
/// Counts lookups that found an entry and lookups that did not: exact, without a lock or an atomic operation.
/// </summary>
/// <remarks>
/// <para>Where uses are noted in a touch log, hits are not counted here: the log's buffers know how many uses there
/// ever were.</para>
/// <para>For misses (and other hits) each thread has its own cells, found by the page of its stack that it runs on. A
/// page belongs to one stack, so only one thread at a time can write to a page's cell. When a thread has ended and
/// another stack uses its page, the new thread goes on with the same cell. A thread's number or thread-local storage
/// would cost a call into the runtime.</para>
/// <para>There are as many cells as stack pages on which misses were counted: a few per thread. If there are too many
/// for <see cref="MaxSlots"/>, misses are counted together, by atomic operations.</para>
/// </remarks>
/// <param name="touches">Where uses are noted; null where they are counted in cells, as misses are.</param>
internal sealed class LookupCounts(TouchLog? touches)
{
    /// <summary>The smallest page of any system that .NET runs on.</summary>
    private const int PageShift = 12;

    private const int FirstSlots = 16;
    private const int MaxSlots = 4096;

    /// <summary>Slots for each cell, so that nearly every cell is in the first slot.</summary>
    private const int SlotsPerCell = 4;

    private static readonly Cell?[] s_none = [null];

    private readonly Lock _lock = new();
    private Cell?[] _cells = s_none;
    private int _cellCount;
    private long _sharedMisses;
    private long _sharedHits;
    private bool _isCounting;

    /// <summary>
    /// Uses that were made while counting was off, and the number of all uses when counting last stopped.
    /// </summary>
    private long _usesUncounted;
    private long _usesWhenStopped;

    /// <summary>Lookups that found an entry, between <see cref="Start"/> and <see cref="Stop"/>.</summary>
    public long Hits
    {
        get
        {
            lock (_lock)
            {
                return touches is null
                    ? Sum(ref _sharedHits, static cell => Volatile.Read(ref cell.Hits))
                    : (_isCounting ? touches.Uses : _usesWhenStopped) - _usesUncounted;
            }
        }
    }

    /// <summary>Calls of <see cref="CountMiss"/>.</summary>
    public long Misses
    {
        get => Sum(ref _sharedMisses, static cell => Volatile.Read(ref cell.Misses));
    }

    /// <summary>Stack pages on which misses were counted.</summary>
    internal int Pages => Volatile.Read(ref _cellCount);

    /// <summary>Counts hits from now on, if they are not counted yet.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (!_isCounting)
            {
                _isCounting = true;
                _usesUncounted += Uses - _usesWhenStopped;
            }
        }
    }

    /// <summary>Counts no hits until the next <see cref="Start"/>.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            if (_isCounting)
            {
                _isCounting = false;
                _usesWhenStopped = Uses;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void CountMiss()
    {
        Unsafe.SkipInit(out byte here);
        nuint page = (nuint)(&here) >> PageShift;
        Cell?[] cells = _cells;
        if (cells[Slot(page, cells.Length)] is not { } cell || cell.Page != page)
        {
            FindAndCount(page, isHit: false);
        }
        else
        {
            cell.Misses++;
        }
    }

    /// <summary>Counts a hit that no touch log notes, if hits are counted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CountHit()
    {
        if (_isCounting)
        {
            CountHitInCell();
        }
    }

    private unsafe void CountHitInCell()
    {
        Unsafe.SkipInit(out byte here);
        nuint page = (nuint)(&here) >> PageShift;
        Cell?[] cells = _cells;
        if (cells[Slot(page, cells.Length)] is not { } cell || cell.Page != page)
        {
            FindAndCount(page, isHit: true);
        }
        else
        {
            cell.Hits++;
        }
    }

    private long Uses => touches?.Uses ?? 0;

    private long Sum(ref long shared, Func<Cell, long> count)
    {
        long sum = Interlocked.Read(ref shared);
        foreach (Cell? cell in Volatile.Read(ref _cells))
        {
            sum += cell is null ? 0 : count(cell);
        }

        return sum;
    }

    /// <summary>The first slot to look at. Stacks lie at regular distances, which the multiplication spreads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Slot(nuint page, int slots) => (int)((page * 0x9E3779B97F4A7C15UL) >> 40) & (slots - 1);

    private static Cell? Find(Cell?[] cells, nuint page)
    {
        int slot = Slot(page, cells.Length);
        while (cells[slot] is { } cell)
        {
            if (cell.Page == page)
            {
                return cell;
            }

            slot = (slot + 1) & (cells.Length - 1);
        }

        return null;
    }

    /// <summary>Puts a cell into the first free slot; there is one, since there are more slots than cells.</summary>
    private static void Put(Cell?[] cells, Cell cell)
    {
        int slot = Slot(cell.Page, cells.Length);
        while (cells[slot] is not null)
        {
            slot = (slot + 1) & (cells.Length - 1);
        }

        Volatile.Write(ref cells[slot], cell);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FindAndCount(nuint page, bool isHit)
    {
        Cell?[] cells = Volatile.Read(ref _cells);
        Cell? cell = (cells.Length > 1 ? Find(cells, page) : null) ?? FindOrAdd(page);
        if (cell is null)
        {
            Interlocked.Increment(ref isHit ? ref _sharedHits : ref _sharedMisses);
        }
        else if (isHit)
        {
            cell.Hits++;
        }
        else
        {
            cell.Misses++;
        }
    }

    private Cell? FindOrAdd(nuint page)
    {
        lock (_lock)
        {
            // The array that was read without the lock may be an older one, without this page's cell.
            if (_cells.Length > 1 && Find(_cells, page) is { } found)
            {
                return found;
            }

            if ((_cellCount + 1) * SlotsPerCell > _cells.Length)
            {
                if (_cells.Length == MaxSlots)
                {
                    return null;
                }

                var larger = new Cell?[Math.Max(FirstSlots, _cells.Length * 2)];
                foreach (Cell? cell in _cells)
                {
                    if (cell is not null)
                    {
                        Put(larger, cell);
                    }
                }

                Volatile.Write(ref _cells, larger);
            }

            var added = new Cell { Page = page };
            Put(_cells, added);
            _cellCount++;
            return added;
        }
    }

    /// <summary>
    /// The misses, and hits that no touch log notes, of one stack page. So large that no two cells share a cache line.
    /// </summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private sealed class Cell
    {
        public required nuint Page;
        public long Misses;
        public long Hits;
    }
}
