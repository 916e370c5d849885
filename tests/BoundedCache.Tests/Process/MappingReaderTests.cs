using System.Text;
using BoundedCache.Process;
using BoundedCache.Tests.Report;
using static BoundedCache.Tests.Report.MapText;

namespace BoundedCache.Tests.Process;

/// <summary>The reading of <c>/proc/self/smaps</c>.</summary>
public sealed class MappingReaderTests
{
    private static List<Mapping>? Read(string text) => MappingReader.Read(new Dribble(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Mappings_are_read_with_their_amounts()
    {
        string text = new MapText().At(0x7f2f_9c5f_8000)
            .Add(2 * MiB, resident: MiB, huge: 512 * 1024)
            .Reserve(MiB)
            .At(0x7fff_0000_0000)
            .Add(MiB, "r-xs", "/a library with spaces.so (deleted)", resident: 300 * 1024, anonymous: 100 * 1024)
            .ToString();

        List<Mapping> mappings = Read(text)!;

        Assert.Equal(
            [
                new Mapping
                {
                    Start = 0x7f2f_9c5f_8000,
                    End = 0x7f2f_9c7f_8000,
                    IsWritable = true,
                    IsAccessible = true,
                    Path = null,
                    ResidentBytes = MiB,
                    AnonymousBytes = MiB,
                    HugePageBytes = 512 * 1024,
                },
                new Mapping
                {
                    Start = 0x7f2f_9c7f_8000,
                    End = 0x7f2f_9c8f_8000,
                    IsWritable = false,
                    IsAccessible = false,
                    Path = null,
                },
                new Mapping
                {
                    Start = 0x7fff_0000_0000,
                    End = 0x7fff_0010_0000,
                    IsWritable = false,
                    IsAccessible = true,
                    Path = "/a library with spaces.so (deleted)",
                    ResidentBytes = 300 * 1024,
                    AnonymousBytes = 100 * 1024,
                },
            ],
            mappings);
    }

    [Fact]
    public void The_kernels_own_page_at_the_very_end_is_read_too() =>
        Assert.Equal("[vsyscall]", Assert.Single(Read(
            "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\nRss: 0 kB\n")!).Path);

    [Theory]
    [InlineData("")]
    [InlineData("garbage\n")]
    [InlineData("Rss: 4 kB\n")]
    [InlineData("7f00-7f01 rw-p 00000000 00:00 0 \nRss: 4 kB\n7f02-7f")]
    [InlineData("7f00 7f01 rw-p 00000000 00:00 0 \n")]
    [InlineData("7f00-7f01 rw\n")]
    [InlineData("\n")]
    public void What_is_no_such_list_or_was_cut_short_is_nothing(string text) => Assert.Null(Read(text));

    [Fact]
    public void The_parts_of_a_library_share_its_name()
    {
        List<Mapping> mappings = Read(new MapText().At(0x7f00_0000_0000)
            .Add(MiB, "r-xp", "/lib").Add(MiB, "rw-p", "/lib").Add(MiB, "rw-p", "/other").ToString())!;

        Assert.Same(mappings[0].Path, mappings[1].Path);
        Assert.Equal("/other", mappings[2].Path);
    }

    [Theory]
    [InlineData("Rss: -4 kB\n", 0)]
    [InlineData("Rss: many kB\n", 0)]
    [InlineData("Rss: 9223372036854775807 kB\n", long.MaxValue / 1024 * 1024)]
    [InlineData("RssAnon: 4 kB\n", 0)]
    public void An_amount_is_never_negative_and_never_overflows(string line, long expected) =>
        Assert.Equal(
            expected,
            Assert.Single(Read("7f00-7f01 rw-p 00000000 00:00 0 \n" + line)!).ResidentBytes);

    [Theory]
    [InlineData("---p", false, false)]
    [InlineData("--xp", true, false)]
    [InlineData("r--p", true, false)]
    [InlineData("-w-p", true, true)]
    [InlineData("rw-s", true, true)]
    public void Access_is_read_letter_by_letter(string access, bool isAccessible, bool isWritable)
    {
        Mapping mapping = Assert.Single(Read($"7f00-7f10 {access} 00000000 00:00 0 \n")!);

        Assert.Equal((isAccessible, isWritable, 16), (mapping.IsAccessible, mapping.IsWritable, mapping.Length));
    }

    [Fact]
    public void A_line_that_never_ends_is_nothing() => Assert.Null(Read(new string('7', 100_000)));

    [Fact]
    public void The_list_of_this_process_is_read_and_agrees_with_its_status()
    {
        if (OperatingSystem.IsLinux())
        {
            using Stream stream = new ProcessFiles().Open("/proc/self/smaps")!;
            long sum = MappingReader.Read(stream)!.Sum(static mapping => mapping.ResidentBytes);

            Assert.InRange(sum / (double)ProcessMemorySnapshot.Take().ResidentBytes, 0.8, 1.25);
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_not_opened() =>
        Assert.Null(new ProcessFiles().Open("/proc/self/no-such-file"));

    /// <summary>Hands out a few bytes at a time, so that lines are parted everywhere.</summary>
    private sealed class Dribble(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 7));
    }
}
