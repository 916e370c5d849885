using System.Text.Json;
using System.Xml.Linq;
using BoundedCache.Comparisons;
using BoundedCache.TestSupport;

namespace BoundedCache.Benchmarks.Tests.Comparisons;

/// <summary>Small runs from the command line to the files. Nothing here asserts how fast anything is.</summary>
public sealed class EndToEndTests : IDisposable
{
    private const string Program = "benchmarks/BoundedCache.Comparisons";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_throughput_run_measures_each_cache_and_leaves_text_numbers_and_a_picture()
    {
        (ExitCode exitCode, string output, string error) = await RunAsync(
            "throughput", "--quick", "--reads", "95", "--threads", "2", "--peers",
            "bounded,memory-cache,concurrent-dictionary", "--output", _directory.Path);

        Assert.True(exitCode == ExitCode.Done, error);
        Assert.Contains("95 % reads, Zipf 0.99, 2 threads", output, StringComparison.Ordinal);
        JsonElement[] rows = Result("throughput");
        Assert.Equal(
            ["bounded", "memory-cache", "concurrent-dictionary"],
            rows.Select(static row => row.GetProperty("Peer").GetString()!));
        foreach (JsonElement row in rows)
        {
            JsonElement median = row.GetProperty("Median");
            Assert.True(median.GetProperty("OpsPerSecond").GetDouble() > 0);
            Assert.Equal(1, median.GetProperty("HitRatio").GetDouble());
            Assert.Equal(2000, median.GetProperty("Entries").GetInt64());
        }

        Assert.Equal(JsonValueKind.Null, rows[2].GetProperty("Median").GetProperty("OverLimit").ValueKind);
        Assert.Equal("svg", XDocument.Load(_directory.PathOf("throughput.svg")).Root!.Name.LocalName);
        Assert.Contains(File.ReadAllText(_directory.PathOf("throughput.txt")).Trim(), output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_through_at_half_capacity_holds_half_of_the_keys_and_counts_what_is_refused()
    {
        (ExitCode exitCode, _, string error) = await RunAsync(
            "throughput", "--quick", "--read-through", "--threads", "1", "--peers", "bounded,locked-lru,memory-cache",
            "--output", _directory.Path);

        Assert.True(exitCode == ExitCode.Done, error);
        JsonElement[] medians = [.. Result("read-through").Select(static row => row.GetProperty("Median"))];
        Assert.All(medians[..2], static median =>
        {
            Assert.InRange(median.GetProperty("Entries").GetInt64(), 950, 1040);
            Assert.Equal(0, median.GetProperty("Refused").GetDouble());
            Assert.Equal(0, median.GetProperty("OverLimit").GetDouble());
            Assert.InRange(median.GetProperty("HitRatio").GetDouble(), 0.7, 0.999);
        });
        Assert.True(
            medians[2].GetProperty("Refused").GetDouble() > 0,
            "MemoryCache refuses sets while it is full and compacts.");
    }

    [Fact]
    public async Task A_latency_run_counts_every_operation_that_was_due_in_every_situation()
    {
        (ExitCode exitCode, string output, string error) = await RunAsync(
            "latency", "--quick", "--peers", "bounded,concurrent-dictionary", "--output", _directory.Path);

        Assert.True(exitCode == ExitCode.Done, error);
        Assert.Contains("while 90 % of 2,000 entries are evicted", output, StringComparison.Ordinal);
        JsonElement[] rows = Result("latency");

        // The dictionary can neither shrink nor expire; the machine alone stands beside all.
        Assert.Equal(
            [
                "nothing (the machine)", "bounded", "concurrent-dictionary", "nothing (the machine)", "bounded",
                "nothing (the machine)", "bounded",
            ],
            rows.Select(static row => row.GetProperty("Peer").GetString()!));
        foreach (JsonElement sample in rows.Select(static row => row.GetProperty("Sample")))
        {
            // Open loop: 0.3 s at 20,000 a second, however late they were served.
            Assert.InRange(sample.GetProperty("Operations").GetInt64(), 5_990, 6_010);
            Assert.True(sample.GetProperty("P50").GetDouble() <= sample.GetProperty("P9999").GetDouble());
            Assert.True(sample.GetProperty("P9999").GetDouble() <= sample.GetProperty("Max").GetDouble());
        }

        Assert.InRange(rows[4].GetProperty("Sample").GetProperty("EntriesAfter").GetInt64(), 100, 300);
    }

    [Fact]
    public async Task A_trace_that_was_made_is_replayed_and_declared_sizes_miss_exactly_what_the_textbook_misses()
    {
        string trace = _directory.PathOf("trace.gz");
        (ExitCode made, string path, string makeError) = await RunAsync(
            "make-trace", trace, "--keys", "500", "--requests", "5000");
        Assert.True(made == ExitCode.Done, makeError);
        Assert.Equal(trace, path.Trim());

        (ExitCode exitCode, _, string error) = await RunAsync(
            "hit-ratio", trace, "--limits", "5%,30%,64KB", "--output", _directory.Path);

        Assert.True(exitCode == ExitCode.Done, error);
        JsonElement[] rows = Result("hit-ratio");
        foreach (JsonElement[] limit in rows.GroupBy(static row => row.GetProperty("LimitBytes").GetInt64())
            .Select(static limit => limit.ToArray()))
        {
            Assert.Equal(
                ["textbook LRU", "bounded", "bounded-declared", "memory-cache"],
                limit[..4].Select(static row => row.GetProperty("Cache").GetString()!));
            Assert.Equal(5000, limit[2].GetProperty("Requests").GetInt64());
            Assert.Equal(limit[0].GetProperty("Misses").GetInt64(), limit[2].GetProperty("Misses").GetInt64());
            Assert.Equal(limit[0].GetProperty("MissBytes").GetInt64(), limit[2].GetProperty("MissBytes").GetInt64());
            Assert.Equal(
                [
                    "scan-resistant", "scan-resistant-declared", "bitfaster-lru", "bitfaster-concurrent-lru",
                    "bitfaster-lfu",
                ],
                limit[^5..].Select(static row => row.GetProperty("Cache").GetString()!));
            Assert.All(limit, static row => Assert.InRange(row.GetProperty("Misses").GetInt64(), 300, 4999));
        }

        Assert.Contains(
            "Limited by count, a number of entries instead of bytes: bitfaster-lru, bitfaster-concurrent-lru, "
                + "bitfaster-lfu.",
            File.ReadAllText(_directory.PathOf("hit-ratio.txt")),
            StringComparison.Ordinal);
        Assert.Equal("svg", XDocument.Load(_directory.PathOf("hit-ratio.svg")).Root!.Name.LocalName);
        Assert.Equal(3, rows.Select(static row => row.GetProperty("LimitBytes").GetInt64()).Distinct().Count());
    }

    [Fact]
    public async Task A_run_that_is_called_off_says_so_and_writes_nothing()
    {
        using var process = new ProgramProcess(
            Program, "throughput", "--seconds", "600", "--output", _directory.Path);
        await process.WaitForAsync("[1/");
        await process.SignalAsync("INT");
        (int exitCode, string output, string error) = await process.EndAsync();

        Assert.Equal((int)ExitCode.Interrupted, exitCode);
        Assert.EndsWith("comparisons: interrupted; no result was written.\n", error, StringComparison.Ordinal);
        Assert.Equal("", output);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    private static async Task<(ExitCode ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        ProgramEnd end = await ProgramProcess.RunAsync(Program, arguments);
        return ((ExitCode)end.ExitCode, end.Output, end.Errors);
    }

    private JsonElement[] Result(string name)
    {
        JsonElement document = JsonDocument.Parse(File.ReadAllText(_directory.PathOf($"{name}.json"))).RootElement;
        Assert.StartsWith(
            "dotnet run -c Release --project benchmarks/BoundedCache.Comparisons -- ",
            document.GetProperty("Stamp").GetProperty("Command").GetString(),
            StringComparison.Ordinal);
        return [.. document.GetProperty("Result").EnumerateArray()];
    }
}
