using System.Text.Json;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ShrinkDemo.EndToEnd;

public sealed class RunTests : IDisposable
{
    private const string Demo = "examples/ShrinkDemo";

    private static readonly string[] s_small =
        ["--entries", "20000", "--max-memory", "16MB", "--shrink-to", "2MB", "--wait", "0.1"];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("bounded-cache", "shrinkdemo")]
    [InlineData("memory-cache", "shrinkdemo-memory-cache")]
    [InlineData("bytes", "shrinkdemo-bytes")]
    public async Task A_run_writes_JSON_to_standard_output_and_pictures_to_files(string cache, string pictures)
    {
        JsonElement result = await RunJsonAsync([.. s_small, "--cache", cache, "--output", _directory.Path]);

        JsonElement[] stages = [.. result.GetProperty("stages").EnumerateArray()];
        Assert.Equal(
            ["start", "fill", "lower", "release", "reuse"],
            stages.Select(stage => stage.GetProperty("kind").GetString()));
        Assert.All(
            stages.Skip(2).Take(2), stage => Assert.InRange(stage.GetProperty("cacheBytes").GetInt64(), 1, 2 << 20));
        Assert.Equal(0, result.GetProperty("faults").GetArrayLength());
        Assert.Equal(0, result.GetProperty("access").GetProperty("wrong").GetInt64());
        Assert.Equal(2 << 20, result.GetProperty("promises")[0].GetProperty("limitBytes").GetInt64());
        Assert.NotEmpty(result.GetProperty("verdict").GetString()!);
        Assert.True(result.GetProperty("timeline").GetArrayLength() >= 10);
        Assert.Equal(
            [_directory.PathOf($"{pictures}.html"), _directory.PathOf($"{pictures}.svg")],
            Directory.GetFileSystemEntries(_directory.Path).Order());
    }

    [Fact]
    public async Task The_bounded_cache_takes_every_write_and_reports_every_step()
    {
        JsonElement result = await RunJsonAsync([.. s_small, "--shrink-to", "1", "--no-pictures"]);

        Assert.Equal(0, result.GetProperty("access").GetProperty("dropped").GetInt64());
        Assert.Equal(
            [3, 4, 5],
            result.GetProperty("reports").EnumerateArray().Select(report => report.GetProperty("stage").GetInt32()));
        JsonElement last = result.GetProperty("stages")[4];
        Assert.Equal((0, 0), (last.GetProperty("entries").GetInt64(), last.GetProperty("cacheBytes").GetInt64()));
    }

    [Fact]
    public async Task Without_JSON_the_result_is_plain_text_when_output_is_no_terminal()
    {
        (int exitCode, string output, string error) = await ProgramProcess.RunAsync(
            Demo, [.. s_small, "--release", "none", "--output", _directory.Path]);

        Assert.Equal(0, exitCode);
        Assert.DoesNotContain('\u001b', output);
        Assert.DoesNotContain('\u001b', error);
        Assert.Contains("4 not released either", output, StringComparison.Ordinal);
        Assert.Contains("ShrinkReport, stage 3:", output, StringComparison.Ordinal);

        // It ends with the report, behind which only the pictures' names stand.
        string end = output[output.LastIndexOf("ShrinkReport, stage", StringComparison.Ordinal)..];
        int report = end.IndexOf("MemoryReport, after the last stage:", StringComparison.Ordinal);
        Assert.True(report > 0, output);
        Assert.Contains("native and everything else", end[report..], StringComparison.Ordinal);
        Assert.Contains("what to do about it:|No part passes the thresholds".Split('|'), sentence =>
            end[report..].Contains(sentence, StringComparison.Ordinal));
        Assert.Contains(_directory.PathOf("shrinkdemo.svg"), output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_comparison_runs_all()
    {
        JsonElement result = await RunJsonAsync([.. s_small, "--compare", "--output", _directory.Path]);

        Assert.Equal(
            "boundedCache", result.GetProperty("boundedCache").GetProperty("setup").GetProperty("cache").GetString());
        Assert.Equal(
            "memoryCache", result.GetProperty("memoryCache").GetProperty("setup").GetProperty("cache").GetString());
        Assert.Equal("bytes", result.GetProperty("bytes").GetProperty("setup").GetProperty("cache").GetString());
        Assert.StartsWith("Brought down to 2 MiB", result.GetProperty("verdict").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            [_directory.PathOf("shrinkdemo-compare.html"), _directory.PathOf("shrinkdemo-compare.svg")],
            Directory.GetFileSystemEntries(_directory.Path).Order());
    }

    [Fact]
    public async Task A_trace_is_replayed()
    {
        string trace = _directory.WriteGzip(
            "trace.gz", string.Concat(Enumerable.Range(0, 4000).Select(i => $"{i} key{i % 1000} 100\n")));

        JsonElement result = await RunJsonAsync(
            "--trace", trace, "--max-memory", "16MB", "--wait", "0", "--no-pictures");

        Assert.Equal(0.75, result.GetProperty("trace").GetProperty("hitRatio").GetDouble());
        Assert.Equal(0.75, result.GetProperty("trace").GetProperty("byteHitRatio").GetDouble());
        Assert.Equal(1000, result.GetProperty("stages")[1].GetProperty("entries").GetInt64());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_malformed_trace_leaves_nothing(bool compare)
    {
        string trace = _directory.Write("trace", "a 1\nb\n");
        string pictures = _directory.PathOf("pictures");
        string[] compared = compare ? ["--compare"] : [];
        (int exitCode, string output, string error) = await ProgramProcess.RunAsync(
            Demo,
            ["--trace", trace, "--max-memory", "16MB", "--wait", "0", "--json", "--output", pictures, .. compared]);

        Assert.Equal(1, exitCode);
        Assert.Equal(string.Empty, output);
        Assert.Contains($"{trace}, line 2: 'b' is not", error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        Assert.Single(error.Split('\n'), line => line.StartsWith("ShrinkDemo: ", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(pictures));
    }

    private static async Task<JsonElement> RunJsonAsync(params string[] arguments)
    {
        (int exitCode, string output, string error) = await ProgramProcess.RunAsync(Demo, [.. arguments, "--json"]);
        Assert.True(exitCode == 0, error);
        Assert.Contains("1 start", error, StringComparison.Ordinal);
        return JsonDocument.Parse(output).RootElement;
    }
}
