using System.Runtime.InteropServices;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Survivors scattered over the whole heap and all pinned: no region can be emptied or closed up.</summary>
internal class PinnedSurvivors : SurvivorsAtRandom
{
    private readonly List<GCHandle> _pins = [];

    protected override void Prepare(IEnumerable<object> survivors)
    {
        foreach (object survivor in survivors)
        {
            _pins.Add(GCHandle.Alloc(survivor, GCHandleType.Pinned));
        }
    }
}
