using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Bytes;

/// <summary>
/// Blocks in dense size classes: where a block is freed, the last block of its class moves into the hole, and the last
/// slab is returned when it is empty. All under the engine's lock.
/// </summary>
/// <remarks>
/// Work in bulk (<see cref="BeginBulk"/>) leaves holes, which <see cref="Compact"/> fills at its end: most blocks that
/// would be moved are about to be freed themselves. The first holes of a class are listed, and new blocks go there. The
/// others are only counted, a slab: that their entry left is known by its slot, so they are not loaded from memory. A
/// slab whose blocks were all left leaves its class at once, and no block is moved for it. A class's count includes its
/// holes.
/// </remarks>
internal sealed unsafe partial class DenseBlocks(
    SlabPool small, SlabPool large, PageAccount account, NativeTable slots, bool clearFreed)
{
#if DEBUG
    /// <summary>Bytes at the end of each block that nobody may write.</summary>
    public const int CanarySize = 8;
    private const ulong Canary = 0xC0DE_CAFE_F00D_BEEF;
#else
    /// <summary>Bytes at the end of each block that nobody may write.</summary>
    public const int CanarySize = 0;
#endif

    private readonly SizeClass[] _classes =
        [.. SizeClasses.Sizes.Select(size => new SizeClass(size, SizeClasses.IsInLargeSlab(size) ? large : small))];
    private int _bulk;

    /// <summary>The largest content of a block.</summary>
    public static int LargestContent => SizeClasses.Largest - CanarySize;

    /// <summary>Bytes of all holes.</summary>
    public long HoleBytes { get; private set; }

    /// <summary>Bytes of all blocks that hold an entry.</summary>
    public long BlockBytes { get; private set; }

    /// <summary>The class for so many bytes of content.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ClassFor(int content) => SizeClasses.ClassOf(content + CanarySize);

    public int SizeOf(int sizeClass) => _classes[sizeClass].Size;

    /// <summary>Where a class has its slabs from.</summary>
    public SlabPool PoolOf(int sizeClass) => _classes[sizeClass].Pool;

    /// <summary>Takes a block if there is room within the limit; null where there is none.</summary>
    public byte* TryTake(int sizeClass)
    {
        ref SizeClass c = ref _classes[sizeClass];
        byte* block;
        if (c.Listed > 0)
        {
            block = c.FirstHole;
            Unlink(ref c, (BlockHeader*)block);
        }
        else if (c.Count < c.SlabCount * c.PerSlab)
        {
            block = Address(ref c, c.Count);
            SlabHeader* header = c.Pool.HeaderOf(block);
            if (!c.Pool.TryTouch(header, account.PagesOf(block - (byte*)header + c.Size)))
            {
                return null;
            }

            c.Count++;
        }
        else
        {
            c.MakeRoom();
            if (!c.Pool.TryTake(account.PagesOf(SlabPool.HeaderSize + c.Size), trim: false, out int slab))
            {
                return null;
            }

            c.Slabs[c.SlabCount++] = slab;
            var header = (SlabHeader*)c.Pool.Address(slab);
            header->Class = sizeClass;
            header->Link = c.SlabCount - 1;
            header->Left = 0;
            block = Address(ref c, c.Count++);
        }

        BlockBytes += c.Size;
        Arm(block, c.Size);
        return block;
    }

    /// <summary>Frees a block. Its entry's slot no longer leads to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Free(byte* block, int sizeClass)
    {
        ref SizeClass c = ref _classes[sizeClass];
        SlabHeader* header = c.Pool.HeaderOf(block);
        Debug.Assert(header->Class == sizeClass, "A slab holds blocks of one class.");
        Check(block, c.Size);
        BlockBytes -= c.Size;
        if (clearFreed)
        {
            NativeMemory.Clear(block, (nuint)c.Size);
        }

        if (_bulk > 0 && c.Listed >= MostListed)
        {
            Leave(ref c, header);
            return;
        }

        if (_bulk > 0 || c.Holes > 0)
        {
            Link(ref c, (BlockHeader*)block);
            return;
        }

        int at = (header->Link * c.PerSlab) + ((int)(block - (byte*)header - SlabPool.HeaderSize) / c.Size);

        if (at != c.Count - 1)
        {
            Move(ref c, Address(ref c, c.Count - 1), block);
        }

        c.Count--;
        ReturnSlabs(ref c);
    }

    /// <summary>Loads what freeing a block in bulk needs.</summary>
    public void Prefetch(byte* block, int sizeClass) =>
        ByteOrder.Prefetch(_classes[sizeClass].Pool.HeaderOf(block));

    /// <summary>Checks the blocks of all classes, for tests.</summary>
    /// <param name="seen">Called with each block's address, owner and size.</param>
    internal void Walk(Action<nint, int, int> seen)
    {
        long holeBytes = 0;
        long blockBytes = 0;
        for (int i = 0; i < _classes.Length; i++)
        {
            ref SizeClass c = ref _classes[i];
            Ensure(c.SlabCount == (c.Count + c.PerSlab - 1) / c.PerSlab, "a class has a slab too many or too few");
            int holes = 0;
            int listed = 0;
            int left = 0;
            for (int at = 0; at < c.Count; at++)
            {
                byte* block = Address(ref c, at);
                SlabHeader* header = c.Pool.HeaderOf(block);
                left -= at % c.PerSlab == 0 ? header->Left : 0;
                Ensure(header->Class == i && header->Link == at / c.PerSlab, "a slab's header names another class");
                int owner = ((BlockHeader*)block)->Owner;
                if (owner == BlockHeader.Hole)
                {
                    holes++;
                    listed++;
                    holeBytes += c.Size;
                }
                else if (IsLeft(block))
                {
                    holes++;
                    left++;
                    Ensure(at >= c.Low, "a block that was left lies before the first one");
                    holeBytes += c.Size;
                }
                else
                {
                    Check(block, c.Size);
                    blockBytes += c.Size;
                    seen((nint)block, owner, c.Size);
                }

                bool isLast = at % c.PerSlab == c.PerSlab - 1 || at == c.Count - 1;
                Ensure(!isLast || left == 0, "a slab counts other blocks that were left than it has");
                Ensure(!isLast || header->Left < c.PerSlab, "a slab whose blocks were all left was kept");
            }

            Ensure(holes == c.Holes && listed == c.Listed, "a class counts other holes than it has");
        }

        Ensure(holeBytes == HoleBytes && blockBytes == BlockBytes, "the sums of holes or blocks are wrong");
    }

    /// <summary>Slabs in use by classes, for the invariant checker.</summary>
    internal IEnumerable<(SlabPool Pool, int Slab)> Slabs =>
        _classes.SelectMany(static c => c.Slabs.Take(c.SlabCount).Select(slab => (c.Pool, slab)));

    private static void Ensure(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"Byte cache: {otherwise}.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Address(ref SizeClass c, int at)
    {
        int slab = at / c.PerSlab;
        return c.Pool.Address(c.Slabs[slab]) + SlabPool.HeaderSize + ((at - (slab * c.PerSlab)) * c.Size);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Move(ref SizeClass c, byte* source, byte* target)
    {
        Check(source, c.Size);
        ByteSlot* slot = (ByteSlot*)slots.At(((BlockHeader*)source)->Owner);
        var place = new Place(slot->Place);
        Debug.Assert(place.Block == source, "A block's owner is another's.");
        long length = place.SizeWith(slot->Length);
        ByteSlot.Begin(slot);
        Buffer.MemoryCopy(source, target, c.Size, length);
        Arm(target, c.Size);
        slot->Place = Place.Move(slot->Place, target);
        ByteSlot.End(slot);
        if (clearFreed)
        {
            NativeMemory.Clear(source, (nuint)c.Size);
        }
    }

    private static void ReturnSlabs(ref SizeClass c)
    {
        int need = (c.Count + c.PerSlab - 1) / c.PerSlab;
        while (c.SlabCount > need)
        {
            c.Pool.Return(c.Slabs[--c.SlabCount]);
        }
    }

    [Conditional("DEBUG")]
    private static void Arm(byte* block, int size)
    {
#if DEBUG
        *(ulong*)(block + size - CanarySize) = Canary;
#endif
    }

    [Conditional("DEBUG")]
    private static void Check(byte* block, int size)
    {
#if DEBUG
        Ensure(*(ulong*)(block + size - CanarySize) == Canary, "a block was written beyond its end");
#endif
    }

    private unsafe struct SizeClass(int size, SlabPool pool)
    {
        public readonly int Size = size;
        public readonly int PerSlab = SizeClasses.PerSlab(size);
        public readonly SlabPool Pool = pool;
        public int[] Slabs = [];
        public int SlabCount;
        public int Count;
        public byte* FirstHole;

        /// <summary>All holes.</summary>
        public int Holes;

        /// <summary>Those in the list that begins at <see cref="FirstHole"/>.</summary>
        public int Listed;

        /// <summary>No hole that is in no list lies before this block.</summary>
        public int Low;

        /// <summary>Makes room for one slab more, before it is taken: this may throw.</summary>
        public void MakeRoom()
        {
            if (SlabCount == Slabs.Length)
            {
                Array.Resize(ref Slabs, Math.Max(4, SlabCount * 2));
            }
        }
    }
}
