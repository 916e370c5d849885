using System.Diagnostics;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>A hundred changes of the limit within ten seconds, down to a tenth.</summary>
internal sealed class LimitStorm : ShrinkSmallValues
{
    private const int Changes = 100;

    private static readonly TimeSpan s_storm = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    protected override ScenarioResult Shrink(BoundedMemoryCache cache, ProcessMemorySnapshot empty)
    {
        int before = GC.CollectionCount(2);
        long started = Stopwatch.GetTimestamp();
        List<ShrinkReport> reports = [];
        for (int i = 1; i <= Changes; i++)
        {
            reports.Add(cache.SetMaxMemoryAsync(FullBytes - ((FullBytes - ShrunkBytes) / Changes * i))
                .GetAwaiter()
                .GetResult());
            TimeSpan left = (s_storm / Changes * i) - Stopwatch.GetElapsedTime(started);
            Thread.Sleep(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        int during = GC.CollectionCount(2) - before;
        long afterStorm = Stopwatch.GetTimestamp();
        long bound = ScenarioResult.Anonymous(empty) + (long)(1.10 * ShrunkBytes) + 10_000_000;
        while (ScenarioResult.Anonymous(ProcessMemorySnapshot.Take()) > bound
            && Stopwatch.GetElapsedTime(afterStorm) < s_patience)
        {
            Thread.Sleep(50);
        }

        ShrinkReport[] skipped = [.. reports.Where(static report => report.Outcome == ReleaseOutcome.Skipped)];
        var result = ScenarioResult.From(empty, ShrunkBytes, reports[^1] with { After = ProcessMemorySnapshot.Take() });
        result.Figures["skipped"] = skipped.Length;
        result.Figures["putOff"] = skipped.Count(static report => report.Reason.StartsWith(
            "Memory was released a moment ago; one release follows", StringComparison.Ordinal));
        result.Figures["tooLittle"] = skipped.Count(
            static report => report.Reason.StartsWith("Only ", StringComparison.Ordinal));
        result.Figures["advice"] = skipped.Sum(static report => report.Advice.Count);
        result.Figures["collectionsDuring"] = during;
        result.Figures["collections"] = GC.CollectionCount(2) - before;
        result.Figures["seconds"] = seconds;
        result.Figures["maxMemory"] = cache.MaxMemory;
        return result;
    }
}
