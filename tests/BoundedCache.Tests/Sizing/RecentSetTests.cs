using System.Runtime.CompilerServices;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>Objects are told apart while the collector moves them.</summary>
public sealed class RecentSetTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(9)]
    [InlineData(60)]
    [InlineData(1_000)]
    [InlineData(20_000)]
    public void What_was_added_is_known_after_the_collector_moved_it(int count)
    {
        var set = new RecentSet();
        object[] objects = Scattered(count);
        Assert.All(objects, o => Assert.True(set.Add(o)));

        GC.Collect(0);

        Assert.All(objects, o => Assert.False(set.Add(o)));
        Assert.All(Scattered(count), o => Assert.True(set.Add(o)));
        Assert.All(objects, o => Assert.False(set.Add(o)));
    }

    [Fact]
    public void A_set_agrees_with_a_model_at_any_size_whenever_the_collector_runs()
    {
        var set = new RecentSet();
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var model = new HashSet<object>(ReferenceEqualityComparer.Instance);
            object[] objects = Scattered(random.Next(1, 3_000));
            int steps = random.Next(1, 2 * objects.Length);
            int collection = random.Next(2 * steps);
            for (int step = 0; step < steps; step++)
            {
                if (step == collection)
                {
                    GC.Collect(random.Next(2));
                }

                object instance = objects[random.Next(objects.Length)];
                Assert.True(set.Add(instance) == model.Add(instance), $"seed {seed}, step {step}");
            }

            set.Clear();
        }
    }

    [Fact]
    public void A_walk_without_a_collection_leaves_no_hash_code_in_the_objects()
    {
        object[] objects;
        int collections;
        do
        {
            collections = GC.CollectionCount(0);
            var set = new RecentSet();
            objects = Scattered(1_000);
            Assert.All(objects, o => Assert.True(set.Add(o)));
        }
        while (GC.CollectionCount(0) != collections);

        // The word before the object: a hash code, a lock, or nothing.
        Assert.All(objects, static o => Assert.Equal(0, HeaderOf(o)));
        RuntimeHelpers.GetHashCode(objects[0]);
        Assert.NotEqual(0, HeaderOf(objects[0]));
    }

    private static int HeaderOf(object instance) => Unsafe.As<byte, int>(
        ref Unsafe.Subtract(ref RawData.GetReference(instance), IntPtr.Size + sizeof(int)));

    // Between them garbage, so that a collection moves each by another distance.
    private static object[] Scattered(int count)
    {
        object[] objects = new object[count];
        for (int i = 0; i < count; i++)
        {
            objects[i] = new object();
            GC.KeepAlive(new byte[i % 100]);
        }

        return objects;
    }
}
