using System.Text;
using BoundedCache.Process;
using BoundedCache.Report;
using static BoundedCache.Tests.Report.MapText;

namespace BoundedCache.Tests.Report;

/// <summary>What a mapping is taken for.</summary>
public sealed class MappingClassifierTests
{
    private const long HeapStart = 0x7ef2_5b00_0000;
    private const long HeapRange = 256 * MiB;

    private static readonly HeapPlace s_place = new(HeapStart + 0x2030, HeapRange);

    private static AddressSpace Sort(MapText text, HeapPlace? place = null) =>
        MappingClassifier.Classify(
            MappingReader.Read(new MemoryStream(Encoding.ASCII.GetBytes(text.ToString())))!, place);

    /// <summary>
    /// A heap in a range of 256 MiB, of which 24 MiB are resident, with the collector's tables right below.
    /// </summary>
    private static MapText Heap() => new MapText().At(HeapStart - (20 * MiB) - 0x1000)
        .Add(MiB, resident: MiB)
        .Reserve((19 * MiB) + 0x1000)
        .Add(4 * MiB, resident: 4 * MiB)
        .Reserve(4 * MiB)
        .Add(8 * MiB, resident: 8 * MiB)
        .Add(12 * MiB, resident: 12 * MiB)
        .Reserve(HeapRange - (28 * MiB));

    [Fact]
    public void The_heap_is_told_from_the_collectors_tables_below_it()
    {
        AddressSpace space = Sort(Heap(), s_place);

        Assert.Equal(24 * MiB, space.HeapBytes);
        Assert.Equal(MiB, space.OtherBytes);
        Assert.Equal(25 * MiB, space.ResidentBytes);
    }

    [Fact]
    public void The_heap_is_told_from_an_allocators_arena_right_above_it()
    {
        MapText text = Heap().Add(3 * MiB, resident: 2 * MiB).Reserve(61 * MiB);

        Assert.Equal(24 * MiB, Sort(text, s_place).HeapBytes);
        Assert.Equal(2 * MiB, Sort(text, s_place).AllocatorBytes + Sort(text, s_place).OtherBytes - MiB);
    }

    [Fact]
    public void Regions_below_the_one_that_is_known_belong_to_the_heap() =>
        Assert.Equal(24 * MiB, Sort(Heap(), s_place with { AnchorAddress = HeapStart + (17 * MiB) }).HeapBytes);

    [Fact]
    public void A_region_that_was_committed_in_two_pieces_is_one()
    {
        MapText text = new MapText().At(HeapStart).Add(MiB, resident: MiB).Add(3 * MiB, resident: 3 * MiB)
            .Reserve(HeapRange - (4 * MiB));

        Assert.Equal(4 * MiB, Sort(text, s_place with { AnchorAddress = HeapStart + (2 * MiB) }).HeapBytes);
    }

    [Theory]
    [InlineData(0x1000)]
    [InlineData(HeapStart - (19 * MiB))]
    public void An_address_in_no_committed_memory_finds_no_heap(long address)
    {
        AddressSpace space = Sort(Heap(), s_place with { AnchorAddress = address });

        Assert.Null(space.HeapBytes);
        Assert.Equal(25 * MiB, space.OtherBytes);
    }

    [Fact]
    public void Without_a_place_there_is_no_heap() => Assert.Null(Sort(Heap()).HeapBytes);

    [Fact]
    public void The_program_break_and_arenas_are_the_allocators()
    {
        AddressSpace space = Sort(new MapText()
            .At(0x5500_0000_0000).Add(MiB, path: "[heap]", resident: MiB)
            .At(0x7f00_0000_0000).Add(10 * MiB, resident: 9 * MiB).Reserve(54 * MiB)
            .At(0x7f00_1000_0000).Add(64 * MiB, resident: 60 * MiB)
            .At(0x7f00_2000_0000).Add(128 * MiB, resident: 0).Add(MiB, resident: MiB).Reserve(63 * MiB));

        Assert.Equal(71 * MiB, space.AllocatorBytes);
        Assert.Equal(5, space.Arenas);
        Assert.Equal(0, space.OtherBytes);
    }

    [Fact]
    public void A_block_that_is_aligned_by_chance_is_no_arena()
    {
        AddressSpace space = Sort(new MapText()
            .At(0x7f00_0000_0000).Add(10 * MiB, resident: 9 * MiB)
            .At(0x7f00_1000_0000).Add(10 * MiB, resident: 9 * MiB).Reserve(MiB));

        Assert.Equal(0, space.Arenas);
        Assert.Equal(18 * MiB, space.OtherBytes);
    }

    [Fact]
    public void What_lies_above_a_guard_page_is_a_stack()
    {
        AddressSpace space = Sort(new MapText()
            .At(0x7f00_0010_0000).Reserve(4096).Add(8 * MiB, resident: MiB).Reserve(4096).Add(
                8 * MiB, resident: 2 * MiB)
            .At(0x7f00_1010_0000).Reserve(MiB).Add(8 * MiB, resident: 4 * MiB)
            .At(0x7ffd_0000_0000).Add(MiB, path: "[stack]", resident: 64 * 1024));

        Assert.Equal((3 * MiB) + (64 * 1024), space.StackBytes);
        Assert.Equal(4 * MiB, space.OtherBytes);
    }

    [Fact]
    public void Files_shared_memory_and_written_pages_are_kept_apart_and_the_largest_file_is_named()
    {
        AddressSpace space = Sort(new MapText()
            .At(0x7f00_0010_0000)
            .Add(MiB, "r-xp", "/usr/lib/a.so", resident: 512 * 1024)
            .Add(MiB, "rw-p", "/usr/lib/a.so", resident: 512 * 1024, anonymous: 128 * 1024)
            .Add(MiB, "r--s", "/data/large file", resident: MiB)
            .Add(MiB, "rw-s", "/memfd:doublemapper (deleted)", resident: MiB)
            .Add(MiB, "rw-s", "/dev/shm/x", resident: MiB)
            .Add(MiB, "r-xp", "[vdso]", resident: 4096));

        Assert.Equal((2 * MiB) - (128 * 1024), space.FileBytes);
        Assert.Equal(128 * 1024, space.WrittenFileBytes);
        Assert.Equal(2 * MiB, space.SharedBytes);
        Assert.Equal(4096, space.OtherBytes);
        Assert.Equal("/data/large file", space.LargestFile);
        Assert.Equal(MiB, space.LargestFileBytes);
    }

    [Fact]
    public void Huge_pages_are_counted_wherever_they_are() =>
        Assert.Equal(6 * MiB, Sort(new MapText().At(0x7f00_0000_0000).Add(8 * MiB, resident: 8 * MiB, huge: 4 * MiB)
            .Add(4 * MiB, resident: 4 * MiB, huge: 2 * MiB)).HugePageBytes);
}
