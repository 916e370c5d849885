namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>
/// Caches in a heap that was given 256 MiB (by DOTNET_GCHeapHardLimit): limits that fit, that do not,
/// and that did not before.
/// </summary>
internal sealed class HeapWithHardLimit : Scenario
{
    /// <summary>What the heap must be given.</summary>
    public const long HeapBytes = 256L << 20;

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        using var log = new EventLog("HeapLimit");
        var counts = new Dictionary<string, double>();
        using var fitting = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { Name = "fitting", MaxMemory = 100 << 20 }, log);
        using var declared = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { Name = "declared", MaxMemory = 1L << 40, Sizing = EntrySizing.Declared },
            log);
        counts["fitting"] = log.Lines.Count;

        // Each would fit by itself.
        var second = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { Name = "second", MaxMemory = 150 << 20 }, log);
        counts["together"] = log.Lines.Count;
        counts["findings"] = Findings();
        second.Dispose();
        counts["findingsWithoutSecond"] = Findings();
        fitting.MaxMemory = 120 << 20;
        counts["raisedALittle"] = log.Lines.Count;
        fitting.MaxMemory = 1L << 30;
        counts["raised"] = log.Lines.Count;
        fitting.MaxMemory = 900L << 20;
        counts["lowered"] = log.Lines.Count;
        return new ScenarioResult { Advice = [.. log.Lines], Figures = counts };
    }

    private static int Findings() =>
        MemoryReport.Capture().Findings.Count(static finding => finding.Cause == MemoryReportCause.HeapLimit);
}
