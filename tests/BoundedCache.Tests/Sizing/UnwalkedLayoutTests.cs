using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>
/// What is known of objects in a process that cannot look into them; a child process shows that
/// it is what is used there.
/// </summary>
public sealed class UnwalkedLayoutTests
{
    [Fact]
    public void Types_without_references_are_as_exact_as_ever()
    {
        foreach (object value in (object[])[
            new int[7], new Guid[3], new DateTime[2, 3], new (byte, long)[5], 42, 1.5m, DayOfWeek.Friday, (1, 2L)])
        {
            TypeLayout layout = UnwalkedLayouts.Learn(value.GetType(), value);
            Assert.False(layout.IsOpaque, value.ToString());
            Assert.True(layout.IsLeaf);
            Assert.Equal(Truth.Measure(value), layout.SizeOf(value));
        }
    }

    [Fact]
    public void Arrays_of_references_are_followed()
    {
        TypeLayout layout = UnwalkedLayouts.Learn(typeof(string[]), new string[3]);
        Assert.False(layout.IsOpaque);
        Assert.NotNull(layout.VisitElement);
    }

    [Fact]
    public void Of_other_objects_it_is_said_that_nothing_is_known()
    {
        foreach (object value in (object[])[
            new object(), new List<int>(), new Lazy<int>(1), KeyValuePair.Create("a", 1),
            new KeyValuePair<string, int>[2]])
        {
            TypeLayout layout = UnwalkedLayouts.Learn(value.GetType(), value);
            Assert.True(layout.IsOpaque, value.ToString());
            Assert.True(layout.IsLeaf);
        }
    }

    [Fact]
    public void Delegates_are_left_alone_also_those_that_captured_something()
    {
        int number = Environment.ProcessId;
        Func<int> lambda = () => number;
        Assert.True(UnwalkedLayouts.Learn(lambda.GetType(), lambda).IsNotFollowed);
    }
}
