using BoundedCache.MemoryScenarios;
using BoundedCache.MemoryScenarios.Scenarios.Cache;
using BoundedCache.MemoryScenarios.Shapes;
using BoundedCache.TestSupport;

namespace BoundedCache.Memory.Tests;

/// <summary>The matrix of value and key shapes, each held against the collector's count in a child process.</summary>
public sealed class ShapeTests
{
    private static readonly Lazy<Task<ScenarioResult>> s_accounts = new(
        static () => ChildProcess.RunAsync<AccountOfShapes>());

    public static TheoryData<string> Shapes() => [.. All.Select(static shape => shape.Name)];

    private static IEnumerable<Shape> All => ValueShapes.All.Concat(KeyShapes.All);

    [Fact]
    public void The_page_on_sizes_has_a_row_for_every_shape()
    {
        string[] page = File.ReadAllLines(Path.Combine(SourceTree.FindRoot(), "docs", "SIZES.md"));
        IEnumerable<(string Name, string Entries, string Bar)> rows = page
            .SkipWhile(static line => !line.StartsWith("| shape |", StringComparison.Ordinal))
            .Skip(2)
            .TakeWhile(static line => line.StartsWith('|'))
            .Select(static line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(static cells => (cells[1].Trim('`'), cells[2], cells[4]));

        Assert.Equal(All.Select(static shape => (shape.Name, $"{shape.Entries:N0}", $"{shape.Tolerance:P0}")), rows);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task A_cache_of_one_shape_is_charged_what_the_collector_counts(string name)
    {
        Shape shape = All.Single(shape => shape.Name == name);
        double error = (await s_accounts.Value).Figures[name];
        Assert.True(Math.Abs(error) <= shape.Tolerance, $"off by {error:P2}, where {shape.Tolerance:P0} are allowed");
    }
}
