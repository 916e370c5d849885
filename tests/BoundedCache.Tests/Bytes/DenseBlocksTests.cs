using BoundedCache.Bytes;

namespace BoundedCache.Tests.Bytes;

/// <summary>Blocks that come and go at random, with and without work in bulk, against what they should hold.</summary>
public sealed unsafe class DenseBlocksTests
{
    private static readonly int[] s_contents = [40, 100, 1000, 20_000];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Blocks_keep_their_content_whatever_moves(int seed)
    {
        var random = new Random(seed);
        using var blocks = new Blocks();
        for (int round = 0; round < 12; round++)
        {
            blocks.Add(random, 4_000);
            bool isBulk = round % 3 != 0;
            if (isBulk)
            {
                blocks.Dense.BeginBulk();
            }

            // More than are listed as holes, in a random order, and some new ones between them.
            blocks.Remove(random, random.Next(3_000, 5_000));
            blocks.Add(random, random.Next(500));
            blocks.Remove(random, random.Next(500));
            blocks.Check();
            if (isBulk)
            {
                Assert.True(blocks.Dense.HoleBytes > 0);
                Assert.True(blocks.Dense.Compact(int.MaxValue / 64), "Bulk work leaves its holes.");
                blocks.FillSome(random);
                blocks.Dense.EndBulk();
            }

            for (int step = 0; !blocks.Dense.Compact(random.Next(1, 100)); step++)
            {
                // Between two steps others work.
                blocks.Add(random, random.Next(20));
                blocks.Remove(random, random.Next(20));
                blocks.Check(every: 200, step);
            }

            Assert.Equal(0, blocks.Dense.HoleBytes);
            blocks.Check();
        }

        blocks.Dense.BeginBulk();
        blocks.Remove(random, int.MaxValue);
        Assert.True(blocks.Dense.Squeeze(int.MaxValue / 8));
        Assert.Equal((0, 0, 0), (blocks.Dense.HoleBytes, blocks.Dense.BlockBytes, blocks.Dense.Slabs.Count()));
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(15_000)]
    [InlineData(19_900)]
    public void Slabs_of_nothing_but_holes_leave_at_once_and_few_blocks_are_moved(int removed)
    {
        using var blocks = new Blocks();
        var random = new Random(1);
        blocks.Add(random, 20_000, kinds: 1);
        int slabs = blocks.Dense.Slabs.Count();

        blocks.Dense.BeginBulk();
        blocks.RemoveOldest(removed);

        // The first holes are listed, and stay.
        blocks.Check();
        Assert.InRange(blocks.Dense.Slabs.Count(), 1, slabs - ((removed - 1_300) * slabs / 20_000) + 1);
        Assert.Equal(0, blocks.Moves);
        blocks.Add(random, 2_000);
        blocks.Check();
        blocks.Dense.EndBulk();
        while (!blocks.Dense.Compact(50))
        {
        }

        blocks.Check();
        Assert.Equal(0, blocks.Dense.HoleBytes);
        Assert.InRange(blocks.Moves, 0, 3_000);
    }

#if DEBUG
    [Fact]
    public void A_write_beyond_a_block_is_noticed_by_a_walk_and_when_the_block_is_freed()
    {
        using var blocks = new Blocks();
        blocks.Add(new Random(1), 100);
        blocks.Check();
        blocks.WriteBeyondOldest();

        Assert.Throws<InvalidOperationException>(blocks.Check);
        Assert.Throws<InvalidOperationException>(() => blocks.RemoveOldest(1));
    }
#endif

    /// <summary>Blocks with a slot each, whose content is their number.</summary>
    private sealed class Blocks : IDisposable
    {
        private readonly AddressSpace _space = new(new FakePages());
        private readonly NativeTable _slots;
        private readonly List<int> _live = [];
        private readonly Stack<int> _free = [];
        private int _end = 1;

        public Blocks()
        {
            var account = new PageAccount(4096);
            account.SetLimit(1L << 30);
            var small = new SlabPool(_space, account);
            var large = new SlabPool(_space, account, SlabPool.LargeSlab) { Other = small };
            small.Other = large;
            _slots = new NativeTable(_space, account, ByteSlot.Size);
            Dense = new DenseBlocks(small, large, account, _slots, clearFreed: false);
        }

        public DenseBlocks Dense { get; }

        /// <summary>How often a block was moved.</summary>
        public int Moves => (int)_live.Sum(slot => ((ByteSlot*)_slots.At(slot))->Version / 2);

        public void Add(Random random, int count, int kinds = 4)
        {
            for (; count > 0; count--)
            {
                int content = s_contents[random.Next(random.Next(8) == 0 ? kinds : Math.Min(kinds, 2))];
                byte* block = Dense.TryTake(DenseBlocks.ClassFor(content));
                int slot = _free.Count > 0 ? _free.Pop() : _end++;
                Assert.True(block is not null && _slots.TryGrow(_end));
                *(int*)block = slot;
                new Span<byte>(block + sizeof(int), content - sizeof(int)).Fill((byte)slot);
                *(ByteSlot*)_slots.At(slot) = new ByteSlot
                {
                    Place = Place.Pack(block, 0, 0),
                    Length = content - sizeof(int),
                };
                _live.Add(slot);
            }
        }

        public void Remove(Random random, int count)
        {
            for (; count > 0 && _live.Count > 0; count--)
            {
                int at = random.Next(_live.Count);
                int slot = _live[at];
                (_live[at], _live[^1]) = (_live[^1], slot);
                _live.RemoveAt(_live.Count - 1);
                Free(slot);
            }
        }

        public void RemoveOldest(int count)
        {
            _live[..count].ForEach(Free);
            _live.RemoveRange(0, count);
        }

        /// <summary>Changes the last byte of the oldest block, which is no entry's.</summary>
        public void WriteBeyondOldest()
        {
            ByteSlot* entry = (ByteSlot*)_slots.At(_live[0]);
            var place = new Place(entry->Place);
            place.Block[Dense.SizeOf(DenseBlocks.ClassFor((int)place.SizeWith(entry->Length))) - 1]++;
        }

        private void Free(int slot)
        {
            ByteSlot* entry = (ByteSlot*)_slots.At(slot);
            var place = new Place(entry->Place);
            entry->Place = 0;
            _free.Push(slot);
            Dense.Free(place.Block, DenseBlocks.ClassFor((int)place.SizeWith(entry->Length)));
        }

        public void FillSome(Random random)
        {
            long before = Dense.HoleBytes;
            _ = Dense.Fill(random.Next(1, 500));
            Assert.True(Dense.HoleBytes <= before);
            Check();
        }

        public void Check(int every, int step)
        {
            if (step % every == 0)
            {
                Check();
            }
        }

        public void Check()
        {
            var seen = new HashSet<int>();
            Dense.Walk((block, owner, _) =>
            {
                ByteSlot* slot = (ByteSlot*)_slots.At(owner);
                Assert.True(seen.Add(owner) && (nint)new Place(slot->Place).Block == block);
                var content = new ReadOnlySpan<byte>((byte*)block + sizeof(int), slot->Length);
                Assert.Equal(-1, content.IndexOfAnyExcept((byte)owner));
            });
            Assert.Equal(_live.Count, seen.Count);
        }

        public void Dispose() => GC.KeepAlive(_space);
    }
}
