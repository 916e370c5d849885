using System.Text;
using BoundedCache.AspNetCore.Caches;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.Process;

namespace BoundedCache.AspNetCore.Tests.Caches;

/// <summary>What bounds the process, and what is used of it.</summary>
public sealed class RoomTests
{
    private const string Machine = "/proc/meminfo=MemTotal: 1000 kB\nMemAvailable: 500 kB\n";

    [Theory]
    [InlineData(MemoryPressureKind.Container, 1000, 900, "memory.max=1000", "memory.current=900")]
    [InlineData(MemoryPressureKind.Container, 600, 400, "memory.max=1000", "memory.high=600", "memory.current=400")]
    [InlineData(
        MemoryPressureKind.Container,
        1000,
        700,
        "memory.max=1000",
        "memory.current=900",
        "memory.stat=inactive_file 200\n")]
    [InlineData(MemoryPressureKind.Machine, 1000 * 1024, 500 * 1024, "memory.max=1000", "memory.current=400")]
    [InlineData(MemoryPressureKind.Machine, 1000 * 1024, 500 * 1024)]
    internal void The_limit_of_which_the_largest_part_is_used_is_told_with_what_all_processes_use(
        MemoryPressureKind kind, long limit, long used, params string[] group)
    {
        var files = new FilesOf(
            ["/proc/self/cgroup=0::/a\n", Machine, .. group.Select(static file => $"/sys/fs/cgroup/a/{file}")]);

        var room = RoomView.Read(new ProcessMemory(files, new RuntimeCollector()));

        Assert.Equal(new LimitUseView(kind, limit, used), room.Tightest);
        Assert.Equal(1000 * 1024, room.MachineBytes);
    }

    [Fact]
    public async Task The_list_of_caches_has_it()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        var tightest = (await host.GetAsync("api/caches")).AssertOk().Json["room"]!["tightest"]!;

        Assert.Contains(tightest["kind"]!.GetValue<string>(), (string[])["container", "machine"]);
        Assert.InRange(tightest["usedBytes"]!.GetValue<long>(), 1, tightest["limitBytes"]!.GetValue<long>());
    }

    private sealed class FilesOf(IEnumerable<string> files) : IProcessFiles
    {
        private readonly Dictionary<string, string> _files = files
            .Select(static file => file.Split('=', 2))
            .ToDictionary(static parts => parts[0], static parts => parts[1], StringComparer.Ordinal);

        public int Read(string path, Span<byte> buffer) =>
            _files.TryGetValue(path, out string? text) ? Encoding.UTF8.GetBytes(text, buffer) : -1;

        public Stream? Open(string path) => null;
    }
}
