using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>A million entries that expire, and that nobody but the scan's timer asks for.</summary>
internal sealed class EmptyByExpiration : TableSpaceScenario
{
    private static readonly TimeSpan s_life = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _time = new();

    protected override BoundedMemoryCacheOptions Options =>
        new() { MaxMemory = 1_000_000_000, TimeProvider = _time, ExpirationScanFrequency = s_life };

    protected override void Describe(ICacheEntry entry) => entry.AbsoluteExpirationRelativeToNow = s_life;

    protected override void Empty(BoundedMemoryCache cache) => _time.Advance(s_life);
}
