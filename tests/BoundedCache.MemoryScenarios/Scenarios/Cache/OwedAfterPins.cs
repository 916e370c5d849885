using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>A value of every two megabytes is pinned while the limit is lowered.</summary>
internal sealed class OwedAfterPins : OwedScenario
{
    private readonly List<GCHandle> _pins = [];

    protected override void Describe(ICacheEntry entry, int number)
    {
        if (number % 2000 == 0)
        {
            _pins.Add(GCHandle.Alloc(entry.Value, GCHandleType.Pinned));
        }
    }

    protected override void LetGo() => _pins.ForEach(static pin => pin.Free());
}
