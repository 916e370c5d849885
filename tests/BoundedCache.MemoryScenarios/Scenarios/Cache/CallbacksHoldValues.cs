using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>
/// A shrink whose eviction callbacks hold the evicted values for a tenth of a second, of the two that a release waits.
/// </summary>
internal class CallbacksHoldValues : Scenario
{
    private const int Values = 100;
    private const int ValueBytes = 3_000_000;

    private static readonly TimeSpan s_hold = TimeSpan.FromMilliseconds(100);

    private readonly ManualResetEventSlim _mayEnd = new();

    /// <summary>Begins the time after which the callbacks let go.</summary>
    protected virtual void LetGo(ManualResetEventSlim mayEnd) =>
        new Timer(_ => mayEnd.Set()).Change(s_hold, Timeout.InfiniteTimeSpan);

    /// <summary>Lowers the limit to one byte.</summary>
    protected virtual ScenarioResult Shrink(BoundedMemoryCache cache, ProcessMemorySnapshot empty) =>
        ScenarioResult.From(empty, 1, cache.SetMaxMemoryAsync(1).GetAwaiter().GetResult());

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { MaxMemory = 2L * Values * ValueBytes });
        Fill(cache);
        LetGo(_mayEnd);
        ScenarioResult result = Shrink(cache, empty);
        _mayEnd.Set();
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Fill(BoundedMemoryCache cache)
    {
        for (int i = 0; i < Values; i++)
        {
            byte[] value = new byte[ValueBytes];
            Array.Fill(value, (byte)1);
            using ICacheEntry entry = cache.CreateEntry(i);
            entry.Value = value;
            entry.RegisterPostEvictionCallback(Hold);
        }
    }

    private void Hold(object key, object? value, EvictionReason reason, object? state)
    {
        _mayEnd.Wait();
        GC.KeepAlive(value);
    }
}
