using System.Runtime.InteropServices;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Survivors scattered over the whole heap, one in a thousand of them pinned.</summary>
internal sealed class FewPins : SurvivorsAtRandom
{
    private readonly List<GCHandle> _pins = [];

    protected override void Prepare(IEnumerable<object> survivors)
    {
        foreach (object survivor in survivors.Where(static (_, index) => index % 1000 == 0))
        {
            _pins.Add(GCHandle.Alloc(survivor, GCHandleType.Pinned));
        }
    }
}
