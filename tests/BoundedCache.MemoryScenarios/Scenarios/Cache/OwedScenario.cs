using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>
/// Fills a cache with 300 MB and lowers its limit to one byte while something keeps the memory. Then it lets go, and
/// waits for the report of the release that is owed.
/// </summary>
internal abstract class OwedScenario : Scenario
{
    private const int TotalBytes = 300_000_000;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>Bytes of one value.</summary>
    protected virtual int ValueBytes => 1000;

    /// <summary>Makes one value of so many bytes, all its pages written.</summary>
    protected virtual object Make() => new byte[ValueBytes];

    /// <summary>Adds to an entry what keeps its memory.</summary>
    protected virtual void Describe(ICacheEntry entry, int number)
    {
    }

    /// <summary>Keeps the memory of the full cache.</summary>
    protected virtual void Keep()
    {
    }

    /// <summary>Lets go of the memory.</summary>
    protected abstract void LetGo();

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 2L * TotalBytes });
        Fill(cache);
        Keep();
        ShrinkReport first = cache.SetMaxMemoryAsync(1).GetAwaiter().GetResult();
        LetGo();
        long waiting = Stopwatch.GetTimestamp();
        while (cache.GetSnapshot().LastReport == first && Stopwatch.GetElapsedTime(waiting) < s_patience)
        {
            Thread.Sleep(50);
        }

        ShrinkReport last = cache.GetSnapshot().LastReport!;
        return ScenarioResult.From(empty, 1, last) with { Earlier = ScenarioResult.From(empty, 1, first) };
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Fill(BoundedMemoryCache cache)
    {
        for (int i = 0; i < TotalBytes / ValueBytes; i++)
        {
            using ICacheEntry entry = cache.CreateEntry(i);
            entry.Value = Make();
            Describe(entry, i);
        }
    }
}
