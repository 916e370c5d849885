using BoundedCache.LoadRuns.Processes;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.Processes;

/// <summary>Control groups of either version, as files in a directory that stands for theirs.</summary>
public sealed class MemoryGroupTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("boundedcache-groups-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_first_version_has_a_directory_for_memory()
    {
        Directory.CreateDirectory(Path.Combine(_root, "memory"));
        File.WriteAllText(Path.Combine(_root, "memory", "memory.limit_in_bytes"), "9223372036854771712\n");

        MemoryGroup group = MemoryGroup.Create(1000, _root);

        string directory = Path.GetDirectoryName(group.ProcessesFile)!;
        Assert.Equal(Path.Combine(_root, "memory"), Path.GetDirectoryName(directory));
        Assert.Equal("1000", File.ReadAllText(Path.Combine(directory, "memory.limit_in_bytes")));
        Assert.Null(group.PeakBytes);
        File.WriteAllText(Path.Combine(directory, "memory.max_usage_in_bytes"), "900\n");
        Assert.Equal(900, group.PeakBytes);
    }

    [Fact]
    public void The_second_version_has_one_where_it_is_handed_down()
    {
        File.WriteAllText(Path.Combine(_root, "cgroup.subtree_control"), "cpu memory pids\n");

        MemoryGroup group = MemoryGroup.Create(1000, _root);

        Assert.Equal("1000", File.ReadAllText(Path.Combine(Path.GetDirectoryName(group.ProcessesFile)!, "memory.max")));
    }

    [Theory]
    [InlineData("cpu pids\n")]
    [InlineData(null)]
    public void Without_a_memory_controller_the_reason_is_told(string? controllers)
    {
        if (controllers is not null)
        {
            File.WriteAllText(Path.Combine(_root, "cgroup.subtree_control"), controllers);
        }

        Assert.Equal($"no memory controller of control groups is mounted at {_root}", MemoryGroup.WhyNot(_root));
        Assert.Throws<NotSupportedException>(() => MemoryGroup.Create(1000, _root));
    }

    [Fact]
    public async Task A_real_group_holds_a_process_and_is_gone_afterwards()
    {
        if (Skip.LacksMemoryGroups())
        {
            return;
        }

        MemoryGroup group = MemoryGroup.Create(64L << 20);
        await using (ChildProcess child = ChildProcess.Start(
            "sh", "/bin/sh", ["-c", "echo $$ > \"$0\" && echo in && read -r _", group.ProcessesFile]))
        {
            await child.WaitForAsync("in", CancellationToken.None);
            Assert.Equal($"{child.Id}", File.ReadAllText(group.ProcessesFile).Trim());
        }

        await group.DisposeAsync();
        Assert.False(Directory.Exists(Path.GetDirectoryName(group.ProcessesFile)));
    }
}
