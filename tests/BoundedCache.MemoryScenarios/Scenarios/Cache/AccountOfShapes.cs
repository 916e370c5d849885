using BoundedCache.MemoryScenarios.Shapes;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>
/// The matrix of value and key shapes, one after the other: how far the charge is off the collector's count.
/// </summary>
internal sealed class AccountOfShapes : Scenario
{
    public override ScenarioResult Run(ProcessMemorySnapshot empty) => new()
    {
        Figures = ValueShapes.All.Concat(KeyShapes.All)
            .ToDictionary(static shape => shape.Name, static shape => ShapeAccount.Take(shape).Error),
    };
}
