namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Byte caches with limits that the machine can hold, and that it cannot, set in each way.</summary>
internal sealed class ByteLimits : Scenario
{
    private const long Fitting = 200L << 20;
    private const long TooMuch = 1L << 42;

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        using var log = new EventLog("HeapLimit");
        var counts = new Dictionary<string, double>();
        using var cache = new BoundedByteCache(
            new BoundedByteCacheOptions { Name = "bytes", MaxMemory = Fitting }, log);
        counts["fitting"] = log.Lines.Count;
        counts["findings"] = Findings();
        counts["previewed"] = MemoryReport.CheckLimit(cache, TooMuch) is null ? 0 : 1;
        counts["previewedFitting"] = MemoryReport.CheckLimit(cache, Fitting / 2) is null ? 0 : 1;
        var second = new BoundedByteCache(new BoundedByteCacheOptions { Name = "second", MaxMemory = TooMuch }, log);
        counts["made"] = log.Lines.Count;
        counts["findingsWithSecond"] = Findings();
        second.Dispose();
        counts["findingsWithoutSecond"] = Findings();
        cache.MaxMemory = TooMuch;
        counts["set"] = log.Lines.Count;
        ShrinkReport report = cache.SetMaxMemoryAsync(TooMuch / 2).GetAwaiter().GetResult();
        counts["advice"] = report.Advice.Count;
        cache.MaxMemory = Fitting;
        counts["lowered"] = log.Lines.Count;
        return new ScenarioResult { Advice = [.. log.Lines], Figures = counts };
    }

    private static int Findings() =>
        MemoryReport.Capture().Findings.Count(static finding => finding.Cause == MemoryReportCause.HeapLimit);
}
