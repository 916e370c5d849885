namespace BoundedCache.MemoryScenarios.Shapes;

/// <summary>Keys of every kind, under small values, so that a wrong key shows.</summary>
internal static class KeyShapes
{
    public static IReadOnlyList<Shape> All { get; } =
    [
        Create("string", static i => $"{i:D6}") with { Tolerance = 0.02 },
        Create("long string", static i => $"a key of some length that is not to be forgotten {i:D8}") with
        {
            Tolerance = 0.02,
        },
        Create("int", static i => i),
        Create("long", static i => (long)i),
        Create("Guid", static i => new Guid(i, 0, 0, new byte[8])),
        Create("enum", static i => (DayOfWeek)i),
        Create("record", static i => new Address($"street {i:D8}", i, 'k')),
        Create("record struct", static i => new Line(i, $"line {i:D8}", 0)),
        Create("tuple of values", static i => (i, $"part {i:D8}")),
        Create("tuple of the old kind", static i => Tuple.Create(i, $"part {i:D8}")),
        Create("class", static i => new Person { Name = $"person {i:D8}", Age = i, Photo = new byte[20] }),
    ];

    private static Shape Create(string name, Func<int, object> key) =>
        new($"key: {name}", 100_000, static _ => new byte[16]) { Key = key };
}
