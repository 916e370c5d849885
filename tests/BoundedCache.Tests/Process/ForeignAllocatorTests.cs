using BoundedCache.Process;

namespace BoundedCache.Tests.Process;

/// <summary>Whose malloc native code calls.</summary>
public sealed class ForeignAllocatorTests
{
    private const string CLibrary = "/usr/lib/x86_64-linux-gnu/libc.so.6";

    [Theory]
    [InlineData("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", "jemalloc")]
    [InlineData("/opt/libmimalloc-secure.so.2.1", "mimalloc")]
    [InlineData("/usr/lib/libtcmalloc_minimal.so.4", "tcmalloc")]
    [InlineData(CLibrary, null)]
    [InlineData("/lib/x86_64-linux-gnu/libc-2.31.so", null)]
    [InlineData("/lib/ld-musl-x86_64.so.1", null)]
    public void The_file_that_malloc_lies_in_is_the_allocator(string file, string? expected)
    {
        var process = new FakeProcess { Maps = Map(0x1000, CLibrary) + Map(0x8000, file), MallocAddress = 0x8100 };

        Assert.Equal(new MallocOwner(expected, null), ForeignAllocator.Read(process.Memory));
    }

    [Fact]
    public void Of_a_file_of_another_name_it_is_not_known_whether_it_is_one()
    {
        var process = new FakeProcess
        {
            Maps = Map(0x1000, CLibrary) + Map(0x8000, "/usr/lib/x86_64-linux-gnu/libmemusage.so"),
            MallocAddress = 0x8100,
        };

        Assert.Equal(new MallocOwner(null, "libmemusage.so"), ForeignAllocator.Read(process.Memory));
    }

    [Fact]
    public void A_library_that_is_only_loaded_is_not_the_allocator()
    {
        var process = new FakeProcess
        {
            Maps = Map(0x1000, CLibrary) + Map(0x8000, "/opt/libjemalloc.so.2"),
            MallocAddress = 0x1100,
        };

        Assert.Equal(default, ForeignAllocator.Read(process.Memory));
    }

    [Fact]
    public void Where_the_address_is_not_known_a_known_name_tells()
    {
        string maps = Map(0x1000, CLibrary) + Map(0x8000, "/opt/libmimalloc.so");

        Assert.Equal("mimalloc", ForeignAllocator.Read(new FakeProcess { Maps = maps }.Memory).Foreign);
        Assert.Equal(default, ForeignAllocator.Read(new FakeProcess { Maps = Map(0x1000, CLibrary) }.Memory));
        Assert.Equal(default, ForeignAllocator.Read(new FakeProcess().Memory));
    }

    [Fact]
    public void This_process_allocates_with_what_it_was_started_with()
    {
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("LD_PRELOAD") is null or "")
        {
            Assert.NotEqual(0, ProcessMemory.Shared.Allocator.MallocAddress);
            Assert.Equal(default, ForeignAllocator.Read(ProcessMemory.Shared));
        }
    }

    private static string Map(int start, string path) =>
        $"{start:x}-{start + 0x1000:x} r-xp 00000000 fe:00 332396                     {path}\n";
}
