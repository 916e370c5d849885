using BoundedCache.MemoryScenarios.Shapes;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// The matrix of value and key shapes: what a cache full of each says it uses, and what the
/// collector says it keeps alive.
/// </summary>
internal sealed class Sizes : IFigure
{
    public string Name => "sizes";

    public string Title => "UsedMemory against what the collector counts, in bytes, by shape";

    public IEnumerable<Row> Run()
    {
        foreach (Shape shape in ValueShapes.All.Concat(KeyShapes.All))
        {
            double[] answer = Child.Measure(Name, shape.Name);
            var account = new ShapeAccount((long)answer[0], (long)answer[1]);
            yield return new(
                shape.Name,
                $"{account.Error:+0.00 %;-0.00 %} ({account.UsedBytes:N0} / {account.AliveBytes:N0}, "
                    + $"{shape.Entries:N0} entries)",
                $"within {shape.Tolerance:P0}");
        }
    }

    public void Measure(string[] args)
    {
        ShapeAccount account = ShapeAccount.Take(
            ValueShapes.All.Concat(KeyShapes.All).Single(shape => shape.Name == args[0]));
        Child.Answer(account.UsedBytes, account.AliveBytes);
    }
}
