using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>The layouts of types that were measured lately are found by where the runtime keeps the type.</summary>
public sealed class RecentLayoutTests
{
    [Fact]
    public void Each_exact_type_has_its_own()
    {
        object[] instances =
        [
            "text", new object(), new int[1], new string[1], new int[1, 1], new List<string>(), new List<object>(),
            new List<int>(), 1, 1L, new KeyValuePair<string, int>("a", 1), new Action(Each_exact_type_has_its_own),
        ];
        Assert.All(instances, static instance => TypeLayouts.Get(instance));

        TypeLayout[] found = [.. instances.Select(static instance => TypeLayouts.TryGetRecent(instance))
            .OfType<TypeLayout>()];

        // Two of them may have the same place.
        Assert.InRange(found.Length, instances.Length - 3, instances.Length);
        Assert.Equal(found.Length, found.Distinct().Count());
        Assert.All(instances, static instance =>
            Assert.True(TypeLayouts.TryGetRecent(instance) is not { } layout || layout == TypeLayouts.Get(instance)));
    }
}
