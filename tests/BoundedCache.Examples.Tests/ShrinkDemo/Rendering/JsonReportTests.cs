using System.Text.Json;
using BoundedCache.Examples.Tests.ShrinkDemo.Support;
using BoundedCache.ShrinkDemo.Rendering;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Rendering;

public class JsonReportTests
{
    [Fact]
    public void A_result_is_written() => Snapshot.Verify(JsonReport.Write(SampleResults.Trace()));

    [Fact]
    public void A_result_survives_writing_and_reading()
    {
        string json = JsonReport.Write(SampleResults.Trace());
        DemoResult read = JsonReport.Read(json);

        Assert.Equal(json, JsonReport.Write(read));
        Assert.Equal(SampleResults.Trace().Timeline, read.Timeline);
    }

    [Fact]
    public void A_comparison_holds_both_results()
    {
        using var document = JsonDocument.Parse(JsonReport.Write(SampleResults.Comparison()));

        Assert.Equal(6, document.RootElement.GetProperty("boundedCache").GetProperty("stages").GetArrayLength());
        Assert.Equal(6, document.RootElement.GetProperty("memoryCache").GetProperty("stages").GetArrayLength());
        Assert.NotEmpty(document.RootElement.GetProperty("verdict").GetString()!);
    }
}
