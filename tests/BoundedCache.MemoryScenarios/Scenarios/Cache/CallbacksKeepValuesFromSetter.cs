using System.Diagnostics;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>The same, with the limit lowered by the property.</summary>
internal sealed class CallbacksKeepValuesFromSetter : CallbacksKeepValues
{
    protected override ScenarioResult Shrink(BoundedMemoryCache cache, ProcessMemorySnapshot empty)
    {
        long started = Stopwatch.GetTimestamp();
        cache.MaxMemory = 1;
        return new ScenarioResult { DurationMilliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds };
    }
}
