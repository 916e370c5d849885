using System.Numerics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>
/// Remembers hashes of entries that were evicted a short while ago, and learns from those that return how large the
/// small queues should be. Bounded by the number of entries; forgets the oldest where it has no room. Guarded by the
/// engine's lock.
/// </summary>
/// <remarks>
/// <para>Buckets of eight cells, found and grown by linear hashing, a bucket at a time. A cell is a hash, the queue
/// that the entry left, and when, by the <see cref="GhostClock"/> of that queue. A cell is empty if it is 0.</para>
/// <para>Two keys with one hash are taken for each other. It only misleads the policy.</para>
/// </remarks>
internal sealed class GhostTable
{
    /// <summary>Entries of the cache for each bucket.</summary>
    public const int EntriesPerBucket = 5;

    /// <summary>Bytes for each entry of the cache.</summary>
    public const double BytesPerEntry = Cells * sizeof(ulong) / (double)EntriesPerBucket;

    private const int Cells = 8;
    private const int MinBuckets = 16;
    private const int ChunkShift = 9;
    private const int ChunkMask = (1 << ChunkShift) - 1;

    /// <summary>Shares of the limit that entries of each queue are remembered for.</summary>
    private const double SmallCapacity = 0.9;
    private const double MainCapacity = 0.1;

    /// <summary>A return is soon if since then a tenth of the limit left the small queue.</summary>
    private const double Soon = 0.1 / SmallCapacity * GhostClock.TicksPerWindow;

    private const double MinShare = 0.05;
    private const double MaxShare = 0.8;

    private ulong[][] _chunks = [new ulong[MinBuckets * Cells]];
    private int _buckets = MinBuckets;
    private long _cells = MinBuckets * Cells;
    private readonly GhostClock _small = new(SmallCapacity);
    private readonly GhostClock _main = new(MainCapacity);

    /// <summary>The share of their priority's bytes that small queues may have.</summary>
    public double SmallShare { get; private set; } = 0.1;

    /// <summary>Bytes of the cells. May be read without the lock.</summary>
    public long Bytes => Volatile.Read(ref _cells) * sizeof(ulong);

    /// <summary>Buckets in use.</summary>
    public int Buckets => _buckets;

    /// <summary>Bytes that one bucket more takes: 0 where there are cells for it.</summary>
    public int NextBucketBytes
    {
        get
        {
            int chunk = _buckets >> ChunkShift;
            int cells = chunk == _chunks.Length ? (ChunkMask + 1) * Cells
                : CellsTo(_buckets) > _chunks[chunk].Length ? _chunks[chunk].Length
                : 0;
            return cells * sizeof(ulong);
        }
    }

    /// <summary>Remembers an entry that is evicted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(int hash, bool fromMain, long charge, long capacity)
    {
        uint now = (fromMain ? _main : _small).Advance(charge / (double)capacity);
        Span<ulong> bucket = Bucket(BucketOf(hash));
        int oldest = 0;
        uint worst = 0;
        for (int i = 0; i < bucket.Length; i++)
        {
            uint age = (uint)(bucket[i] >> 32) == (uint)hash ? uint.MaxValue : RelativeAge(bucket[i]);
            if (age > worst)
            {
                (worst, oldest) = (age, i);
            }
        }

        bucket[oldest] = ((ulong)(uint)hash << 32) | (now << 1) | (fromMain ? 1u : 0);
    }

    /// <summary>Whether a key is remembered, and then forgets it and adapts <see cref="SmallShare"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Take(int hash, long charge, long capacity)
    {
        Span<ulong> bucket = Bucket(BucketOf(hash));
        for (int i = 0; i < bucket.Length; i++)
        {
            ulong cell = bucket[i];
            if ((uint)(cell >> 32) != (uint)hash || cell == 0)
            {
                continue;
            }

            bucket[i] = 0;
            bool fromMain = (cell & 1) != 0;
            uint leftAt = (uint)cell >> 1;
            double share = charge / (double)capacity;
            GhostClock clock = fromMain ? _main : _small;
            if (!clock.Remembers(leftAt))
            {
                return false;
            }

            clock.Forget(leftAt, share);

            if (fromMain)
            {
                SmallShare = Math.Max(MinShare, SmallShare - share);
            }
            else if (_small.Age(leftAt) + 8 < Soon)
            {
                SmallShare = Math.Min(MaxShare, SmallShare + share);
            }

            return true;
        }

        return false;
    }

    /// <summary>Adds buckets for a number of entries. May throw for lack of memory, and then changes nothing.</summary>
    public void GrowFor(int entries)
    {
        while (_buckets < entries / EntriesPerBucket)
        {
            EnsureBucket(_buckets);
            Split();
        }
    }

    /// <summary>
    /// Gives up the buckets that a number of entries does not need, with what they remember: all of them, or those
    /// beyond a quarter more.
    /// </summary>
    public void Shrink(int entries, bool all)
    {
        int needed = Math.Max(MinBuckets, entries / EntriesPerBucket);
        if (_buckets <= (all ? needed : needed + (needed / 4) + MinBuckets))
        {
            return;
        }

        int count = ((needed - 1) >> ChunkShift) + 1;
        if (count < _chunks.Length || (count == 1 && _chunks[0].Length > 2 * needed * Cells))
        {
            try
            {
                _chunks = First(count, needed);
            }
            catch (OutOfMemoryException)
            {
                // In the middle of a removal, which must go on. A later one shrinks it.
                return;
            }
        }

        // From here on nothing may throw: there are no longer cells for more buckets than this.
        _buckets = needed;
        CountCells();
    }

    /// <summary>A copy of the first chunks, of which a single one is as long as it must be.</summary>
    private ulong[][] First(int count, int needed)
    {
        ulong[][] chunks = _chunks[..count];
        if (count == 1)
        {
            int length = MinBuckets;
            while (length < needed)
            {
                length *= 2;
            }

            Array.Resize(ref chunks[0], Math.Min(length, ChunkMask + 1) * Cells);
        }

        return chunks;
    }

    /// <summary>Checks that cells are where they are looked for; null where they are.</summary>
    public string? FindFault()
    {
        for (int bucket = 0; bucket < _buckets; bucket++)
        {
            foreach (ulong cell in Bucket(bucket))
            {
                if (cell != 0 && BucketOf((int)(cell >> 32)) != bucket)
                {
                    return $"the ghost of hash {(uint)(cell >> 32)} is in bucket {bucket}";
                }
            }
        }

        return SmallShare is >= MinShare and <= MaxShare ? null : $"the small queues' share is {SmallShare}";
    }

    /// <summary>The age by what the cell's clock remembers; the highest for a cell that is of no use.</summary>
    private uint RelativeAge(ulong cell)
    {
        GhostClock clock = (cell & 1) != 0 ? _main : _small;
        return cell != 0 && clock.Remembers((uint)cell >> 1) ? clock.Age((uint)cell >> 1) + 1 : uint.MaxValue;
    }

    /// <summary>Whether a key with this hash is remembered. For tests.</summary>
    internal bool Contains(int hash)
    {
        foreach (ulong cell in Bucket(BucketOf(hash)))
        {
            if (cell != 0 && (uint)(cell >> 32) == (uint)hash)
            {
                return ((cell & 1) != 0 ? _main : _small).Remembers((uint)cell >> 1);
            }
        }

        return false;
    }

    private int BucketOf(int hash) => BucketIndex.BucketOf(hash, _buckets);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<ulong> Bucket(int bucket) =>
        _chunks[bucket >> ChunkShift].AsSpan((bucket & ChunkMask) * Cells, Cells);

    /// <summary>Cells of a bucket's chunk up to its own last one.</summary>
    private static int CellsTo(int bucket) => ((bucket & ChunkMask) + 1) * Cells;

    private void EnsureBucket(int bucket)
    {
        int chunk = bucket >> ChunkShift;
        if (chunk == _chunks.Length)
        {
            ulong[][] larger = [.. _chunks, new ulong[(ChunkMask + 1) * Cells]];
            _chunks = larger;
            CountCells();
        }
        else if (CellsTo(bucket) > _chunks[chunk].Length)
        {
            Array.Resize(ref _chunks[chunk], _chunks[chunk].Length * 2);
            CountCells();
        }
    }

    /// <summary>Allocates nothing, so it cannot throw.</summary>
    private void CountCells()
    {
        long cells = 0;
        foreach (ulong[] chunk in _chunks)
        {
            cells += chunk.Length;
        }

        Volatile.Write(ref _cells, cells);
    }

    /// <summary>Adds a bucket, and moves to it what belongs there from the bucket that it is split from.</summary>
    private void Split()
    {
        int fresh = _buckets++;
        int bit = 1 << BitOperations.Log2((uint)fresh);
        Span<ulong> target = Bucket(fresh);
        target.Clear();
        Span<ulong> source = Bucket(fresh & ~bit);
        for (int i = 0; i < source.Length; i++)
        {
            if (source[i] != 0 && ((int)(source[i] >> 32) & bit) != 0)
            {
                (target[i], source[i]) = (source[i], 0);
            }
        }
    }
}
