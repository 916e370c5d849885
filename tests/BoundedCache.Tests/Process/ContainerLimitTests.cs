using System.Text;
using BoundedCache.Process;

namespace BoundedCache.Tests.Process;

/// <summary>The memory that this process's control group may have, in either version's files.</summary>
public sealed class ContainerLimitTests
{
    private const string Unlimited = "9223372036854771712\n";

    public static TheoryData<string, long?, string[]> Groups => new()
    {
        // Version 2, in a container that sees its own group as the root; and without one.
        { "0::/\n", 671_088_640, ["/sys/fs/cgroup/memory.max=671088640\n"] },
        {
            "0::/user.slice/a.scope\n",
            null,
            ["/sys/fs/cgroup/user.slice/a.scope/memory.max=max\n", "/sys/fs/cgroup/user.slice/memory.max=max\n"]
        },

        // A parent's limit is a limit.
        { "0::/pod/box\n", 100, ["/sys/fs/cgroup/pod/box/memory.max=200\n", "/sys/fs/cgroup/pod/memory.max=100\n"] },
        { "0::/pod/box\n", 200, ["/sys/fs/cgroup/pod/box/memory.max=200\n", "/sys/fs/cgroup/pod/memory.max=max\n"] },

        // Version 1, where the memory controller stands alone or with others; and in a container whose
        // path only the host knows.
        {
            "5:cpu,cpuacct:/x\n4:memory:/box\n0::/\n",
            768,
            ["/sys/fs/cgroup/memory/box/memory.limit_in_bytes=768\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes="
                + Unlimited]
        },
        { "4:memory:/\n", null, ["/sys/fs/cgroup/memory/memory.limit_in_bytes=" + Unlimited] },
        { "7:hugetlb,memory:/docker/1f2e\n", 900, ["/sys/fs/cgroup/memory/memory.limit_in_bytes=900\n"] },

        // A controller that only sounds like it, files that say nothing, and no files.
        { "4:memoryless:/\n", null, ["/sys/fs/cgroup/memory/memory.limit_in_bytes=900\n"] },
        { "0::/\n", null, ["/sys/fs/cgroup/memory.max=\n"] },
        { "0::/\n", null, ["/sys/fs/cgroup/memory.max=-5\n"] },
        { "nonsense\n:\n::\n0::relative\n", null, [] },
        { "", null, [] },
    };

    [Theory]
    [MemberData(nameof(Groups))]
    public void It_is_the_least_on_the_way_to_the_root(string groups, long? expected, string[] files)
    {
        var fake = new FilesOf([.. files, "/proc/self/cgroup=" + groups]);

        Assert.Equal(expected, ContainerLimit.Read(fake));
    }

    [Fact]
    public void It_is_unknown_where_there_are_no_control_groups() => Assert.Null(ContainerLimit.Read(new FilesOf([])));

    private sealed class FilesOf(IEnumerable<string> files) : IProcessFiles
    {
        private readonly Dictionary<string, string> _files = files.Select(static file => file.Split('=', 2))
            .ToDictionary(static pair => pair[0], static pair => pair[1]);

        public int Read(string path, Span<byte> buffer) =>
            _files.TryGetValue(path, out string? text) ? Encoding.ASCII.GetBytes(text, buffer) : -1;

        public Stream? Open(string path) => null;
    }
}
