using System.Text;
using BoundedCache.Process;

namespace BoundedCache.Tests.Process;

/// <summary>What is used of the limits of this process's control groups.</summary>
public sealed class ContainerMemoryTests
{
    private const string Unlimited = "9223372036854771712\n";

    public static TheoryData<string, (long, long)[], string[]> Groups => new()
    {
        // Version 2: the tighter of max and high; usage less inactive file pages, and never negative.
        {
            "0::/a\n",
            [(900, 500)],
            ["a/memory.max=900", "a/memory.current=600", "a/memory.stat=anon 1\ninactive_file 100\nactive_file 5\n"]
        },
        { "0::/a\n", [(700, 600)], ["a/memory.max=900", "a/memory.high=700", "a/memory.current=600"] },
        { "0::/a\n", [(700, 600)], ["a/memory.max=max", "a/memory.high=700", "a/memory.current=600"] },
        {
            "0::/a\n",
            [(900, 0)],
            ["a/memory.max=900", "a/memory.current=600", "a/memory.stat=inactive_file 800\n"]
        },

        // An ancestor's limit is held against the ancestor's own usage.
        {
            "0::/pod/a\n",
            [(900, 100), (1000, 980)],
            [
                "pod/a/memory.max=900", "pod/a/memory.current=100", "pod/memory.max=1000", "pod/memory.current=990",
                "pod/memory.stat=inactive_file 10\n",
            ]
        },

        // Swap is counted apart in version 2, and with the memory in version 1.
        {
            "0::/a\n",
            [(900, 600)],
            ["a/memory.max=900", "a/memory.current=600", "a/memory.swap.max=5", "a/memory.swap.current=5"]
        },
        {
            "4:memory:/a\n",
            [(900, 500), (950, 640)],
            [
                "memory/a/memory.limit_in_bytes=900", "memory/a/memory.usage_in_bytes=600",
                "memory/a/memory.memsw.limit_in_bytes=950", "memory/a/memory.memsw.usage_in_bytes=740",
                "memory/a/memory.stat=inactive_file 1\ntotal_inactive_file 100\n",
            ]
        },

        // No limit, or usage that nobody tells.
        {
            "4:memory:/a\n",
            [],
            ["memory/a/memory.limit_in_bytes=" + Unlimited, "memory/a/memory.usage_in_bytes=600"]
        },
        { "0::/a\n", [], ["a/memory.max=900"] },
        { "", [], ["a/memory.max=900", "a/memory.current=100"] },
    };

    [Theory]
    [MemberData(nameof(Groups))]
    public void Each_limit_is_held_against_what_its_group_uses(string groups, (long, long)[] expected, string[] files)
    {
        List<MemoryUse> uses = [];
        var all = new FilesOf(
            [.. files.Select(static file => "/sys/fs/cgroup/" + file), "/proc/self/cgroup=" + groups]);
        ContainerMemory.Read(all, ControlGroup.FindAll(all), uses);

        Assert.Equal(expected, uses.Select(static use => (use.LimitBytes, use.UsedBytes)));
        Assert.All(uses, static use => Assert.Equal(MemoryPressureKind.Container, use.Kind));
    }

    [Fact]
    public void The_machine_has_what_is_not_available()
    {
        var files = new FilesOf(["/proc/meminfo=MemTotal:  100 kB\nMemFree: 1 kB\nMemAvailable:   30 kB\n"]);

        Assert.Equal(
            new MemoryUse(MemoryPressureKind.Machine, 100 * 1024, 70 * 1024), ContainerMemory.ReadMachine(files));
        Assert.Null(ContainerMemory.ReadMachine(new FilesOf([])));
    }

    private sealed class FilesOf(IEnumerable<string> files) : IProcessFiles
    {
        private readonly Dictionary<string, string> _files = files.Select(static file => file.Split('=', 2))
            .ToDictionary(static pair => pair[0], static pair => pair[1]);

        public int Read(string path, Span<byte> buffer) =>
            _files.TryGetValue(path, out string? text) ? Encoding.ASCII.GetBytes(text, buffer) : -1;

        public Stream? Open(string path) => null;
    }
}
