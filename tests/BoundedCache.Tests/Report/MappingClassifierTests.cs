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

    [Theory]
    [InlineData(64, true)]
    [InlineData(68, false)]
    public void A_guard_has_64_KiB_at_most(long kibibytes, bool isStack)
    {
        AddressSpace space = Sort(
            new MapText().At(0x7f00_0010_0000).Reserve(kibibytes * 1024).Add(8 * MiB, resident: MiB));

        Assert.Equal(isStack ? MiB : 0, space.StackBytes);
        Assert.Equal(isStack ? 0 : MiB, space.OtherBytes);
    }

    [Fact]
    public void What_does_not_touch_a_guard_or_cannot_be_written_is_no_stack()
    {
        Assert.Equal(0, Sort(new MapText()
            .At(0x7f00_0010_0000).Reserve(4096)
            .At(0x7f00_0020_0000).Add(8 * MiB, resident: MiB)).StackBytes);
        Assert.Equal(
            0, Sort(new MapText().At(0x7f00_0010_0000).Reserve(4096).Add(MiB, "r--p", resident: MiB)).StackBytes);
        Assert.Equal(
            0,
            Sort(new MapText().At(0x7f00_0010_0000).Add(4096, "---p", "/lib").Add(MiB, resident: MiB)).StackBytes);
    }

    [Theory]
    [InlineData("/SYSV00000000 (deleted)", true)]
    [InlineData("/dev/zero (deleted)", true)]
    [InlineData("/dev/shm/x", true)]
    [InlineData("/memfd:x", true)]
    [InlineData("/dev/other", false)]
    [InlineData("/data/SYSV", false)]
    public void Shared_memory_is_known_by_the_kernels_names(string path, bool isShared)
    {
        AddressSpace space = Sort(new MapText().At(0x7f00_0010_0000).Add(MiB, "rw-s", path, resident: MiB));

        Assert.Equal(isShared ? MiB : 0, space.SharedBytes);
        Assert.Equal(isShared ? 0 : MiB, space.FileBytes);
    }

    [Fact]
    public void Files_without_resident_pages_are_not_named() =>
        Assert.Null(Sort(new MapText().At(0x7f00_0010_0000).Add(MiB, "r--p", "/lib", resident: 0)).LargestFile);

    [Fact]
    public void An_arena_ends_with_its_size_and_what_follows_is_something_else()
    {
        AddressSpace space = Sort(new MapText()
            .At(0x7f00_0000_0000).Add(10 * MiB, resident: 9 * MiB).Reserve(54 * MiB).Add(MiB, resident: MiB));

        Assert.Equal(9 * MiB, space.AllocatorBytes);
        Assert.Equal(1, space.Arenas);
        Assert.Equal(MiB, space.OtherBytes);
    }

    [Fact]
    public void A_gap_or_a_file_within_64_MiB_is_no_arena()
    {
        Assert.Equal(0, Sort(new MapText()
            .At(0x7f00_0000_0000).Add(10 * MiB, resident: MiB)
            .At(0x7f00_0100_0000).Reserve(48 * MiB)).Arenas);
        Assert.Equal(0, Sort(new MapText()
            .At(0x7f00_0000_0000).Add(10 * MiB, resident: MiB).Add(54 * MiB, "r--p", "/lib")).Arenas);
        Assert.Equal(0, Sort(new MapText()
            .At(0x7f00_0000_0000).Add(10 * MiB, "r--p", resident: MiB).Reserve(54 * MiB)).Arenas);
    }

    [Theory]
    [InlineData("r--p", "")]
    [InlineData("rw-p", "/lib")]
    public void An_address_in_memory_of_another_kind_finds_no_heap(string access, string path)
    {
        MapText text = new MapText().At(HeapStart).Add(4 * MiB, access, path, resident: MiB);

        Assert.Null(Sort(text, new HeapPlace(HeapStart + 64, HeapRange)).HeapBytes);
    }

    [Fact]
    public void A_region_that_was_committed_in_three_pieces_is_one()
    {
        MapText text = new MapText().At(HeapStart)
            .Add(MiB, resident: MiB).Add(MiB, resident: MiB).Add(2 * MiB, resident: 2 * MiB)
            .Reserve(HeapRange - (4 * MiB));

        Assert.Equal(4 * MiB, Sort(text, s_place with { AnchorAddress = HeapStart + (3 * MiB) }).HeapBytes);
    }

    [Fact]
    public void An_address_where_a_mapping_begins_is_not_in_the_one_below()
    {
        MapText text = new MapText().At(HeapStart - 4096).Add(4096, "r--p", "/lib")
            .Add(4 * MiB, resident: 4 * MiB).Reserve(HeapRange - (4 * MiB));

        Assert.Equal(4 * MiB, Sort(text, s_place with { AnchorAddress = HeapStart }).HeapBytes);
    }

    [Fact]
    public void A_range_without_a_size_finds_no_heap() =>
        Assert.Null(Sort(Heap(), s_place with { RangeBytes = 0 }).HeapBytes);

    [Fact]
    public void What_begins_beyond_the_range_is_not_the_heap()
    {
        MapText text = new MapText().At(HeapStart).Add(4 * MiB, resident: 4 * MiB).Reserve(HeapRange - (8 * MiB))
            .Add(4 * MiB, resident: 3 * MiB).Add(MiB, "r--p", resident: MiB);

        AddressSpace space = Sort(text, s_place);

        // The last region that fits begins 4 MiB before the end.
        Assert.Equal(7 * MiB, space.HeapBytes);
        Assert.Equal(MiB, space.OtherBytes);
    }

    [Fact]
    public void Regions_more_than_the_range_below_are_not_the_heap()
    {
        MapText text = new MapText().At(HeapStart).Add(4 * MiB, resident: 4 * MiB).Reserve(HeapRange)
            .Add(4 * MiB, resident: 2 * MiB);

        Assert.Equal(
            2 * MiB, Sort(text, new HeapPlace(HeapStart + HeapRange + (5 * MiB), HeapRange)).HeapBytes);
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
