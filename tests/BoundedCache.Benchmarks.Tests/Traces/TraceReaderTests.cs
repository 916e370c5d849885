using BoundedCache.Harness.Traces;
using BoundedCache.TestSupport;

namespace BoundedCache.Benchmarks.Tests.Traces;

public sealed class TraceReaderTests : IDisposable
{
    private const string ThreeRequests = "# time key size\n1 a 100\n\n2 b 200\r\n3 a 100";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_plain_trace_is_read() => AssertThreeRequests(_directory.Write("trace", ThreeRequests));

    [Fact]
    public void A_compressed_trace_is_read() => AssertThreeRequests(_directory.WriteGzip("trace.gz", ThreeRequests));

    [Fact]
    public void Compression_is_told_by_the_content() =>
        AssertThreeRequests(_directory.WriteGzip("trace.txt", ThreeRequests));

    [Fact]
    public void Lines_across_the_ends_of_buffers_are_read()
    {
        List<TraceRequest> expected =
            [.. Enumerable.Range(0, 50_000).Select(i => new TraceRequest($"key-{new string('k', i % 40)}-{i}", i))];
        string trace = _directory.Write("trace", string.Join('\n', expected.Select(r => $"{r.Key} {r.SizeBytes}")));

        Assert.Equal(expected, ReadAll(trace));
    }

    [Fact]
    public void A_malformed_line_is_named_with_its_file_number_and_text()
    {
        string trace = _directory.Write("trace", "a 1\n# comment\n\nb two\nc 3\n");

        TraceException failure = Assert.Throws<TraceException>(() => ReadAll(trace));

        Assert.Equal(
            $"{trace}, line 4: 'b two' is not 'key size' or 'time key size', with the time a number and the size a "
                + "whole number of bytes",
            failure.Message);
    }

    [Fact]
    public void A_file_without_line_ends_is_not_read_into_memory()
    {
        string trace = _directory.Write("trace", "a 1\n" + new string('x', 10_000_000));

        TraceException failure = Assert.Throws<TraceException>(() => ReadAll(trace));

        Assert.Contains(", line 2: 'xxx", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.6)]
    [InlineData(0.99)]
    public void A_compressed_trace_that_was_cut_off_is_not_taken_for_a_whole_one(double kept)
    {
        string trace = _directory.WriteGzip(
            "trace.gz", string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i * 7919} {i}\n")));
        byte[] bytes = File.ReadAllBytes(trace);
        File.WriteAllBytes(trace, bytes[..(int)(bytes.Length * kept)]);

        TraceException failure = Assert.Throws<TraceException>(() => ReadAll(trace));

        Assert.StartsWith($"{trace} cannot be read", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains(
            _directory.PathOf("none"),
            Assert.Throws<TraceException>(() => ReadAll(_directory.PathOf("none"))).Message,
            StringComparison.Ordinal);

    private static void AssertThreeRequests(string trace) =>
        Assert.Equal(
            [new TraceRequest("a", 100), new TraceRequest("b", 200), new TraceRequest("a", 100)], ReadAll(trace));

    private static List<TraceRequest> ReadAll(string trace)
    {
        using var reader = new TraceReader(trace);
        var requests = new List<TraceRequest>();
        while (reader.TryRead(out TraceRequest request))
        {
            requests.Add(request);
        }

        return requests;
    }
}
