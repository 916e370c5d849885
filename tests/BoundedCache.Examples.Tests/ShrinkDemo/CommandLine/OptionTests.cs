using BoundedCache.ShrinkDemo;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ShrinkDemo.CommandLine;

public class OptionTests
{
    [Fact]
    public async Task No_options_mean_the_main_job()
    {
        DemoOptions options = await ReadAsync();

        Assert.Equal(CacheKind.BoundedCache, options.Cache);
        Assert.Equal(2_000_000, options.Entries);
        Assert.Equal(1024, options.ValueBytes);
        Assert.Equal(1L << 30, options.MaxMemoryBytes);
        Assert.Equal([100L << 20, 1], options.ShrinkToBytes);
        Assert.Equal(ReleaseMode.Full, options.Release);
        Assert.Equal("artifacts", options.OutputDirectory);
        Assert.Null(options.TraceFile);
        Assert.False(options.Json);
        Assert.False(options.Compare);
    }

    [Fact]
    public async Task Every_option_is_read()
    {
        using var directory = new TemporaryDirectory();
        DemoOptions options = await ReadAsync(
            "--entries", "10000000", "--value-size", "2KiB", "--max-memory", "1.5GiB", "--shrink-to", "512MB",
            "--shrink-to", "64k",
            "--release", "none", "--cache", "memory-cache", "--output", directory.PathOf("pictures"), "--json",
            "--wait", "0.5");

        Assert.Equal(10_000_000, options.Entries);
        Assert.Equal(2048, options.ValueBytes);
        Assert.Equal(3L << 29, options.MaxMemoryBytes);
        Assert.Equal([512L << 20, 64 << 10], options.ShrinkToBytes);
        Assert.Equal(ReleaseMode.None, options.Release);
        Assert.Equal(CacheKind.MemoryCache, options.Cache);
        Assert.Equal(directory.PathOf("pictures"), options.OutputDirectory);
        Assert.True(options.Json);
        Assert.Equal(TimeSpan.FromSeconds(0.5), options.Wait);
        Assert.False(Directory.Exists(directory.PathOf("pictures")), "Reading the options must leave nothing behind.");
    }

    [Theory]
    [InlineData("100MB")]
    [InlineData("100MiB")]
    [InlineData("100m")]
    [InlineData("104857600")]
    public async Task MB_and_MiB_are_the_same(string size) =>
        Assert.Equal(100L << 20, (await ReadAsync("--max-memory", size)).MaxMemoryBytes);

    [Fact]
    public async Task The_first_new_limit_is_a_tenth_of_a_small_limit() =>
        Assert.Equal([(16L << 20) / 10, 1], (await ReadAsync("--max-memory", "16MB")).ShrinkToBytes);

    [Theory]
    [InlineData("none", ReleaseMode.None)]
    [InlineData("gentle", ReleaseMode.Gentle)]
    [InlineData("full", ReleaseMode.Full)]
    public async Task Every_way_to_release_has_its_name(string name, ReleaseMode mode) =>
        Assert.Equal(mode, (await ReadAsync("--release", name)).Release);

    [Fact]
    public async Task No_pictures_means_no_directory() =>
        Assert.Null((await ReadAsync("--no-pictures")).OutputDirectory);

    [Fact]
    public async Task A_file_name_with_an_at_sign_is_a_file_name()
    {
        using var directory = new TemporaryDirectory();
        string trace = directory.Write("@trace", "a 1");

        Assert.Equal(trace, (await ReadAsync("--trace", trace)).TraceFile);
    }

    private static async Task<DemoOptions> ReadAsync(params string[] arguments)
    {
        DemoOptions? read = null;
        var command = new DemoCommand((options, _) =>
        {
            read = options;
            return Task.FromResult(ExitCode.Done);
        });
        Assert.Equal(ExitCode.Done, await command.InvokeAsync(arguments, TextWriter.Null, CancellationToken.None));
        return read!;
    }
}
