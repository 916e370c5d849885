using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

#pragma warning disable CA1065, CA1822, CA1823, CS0169, CS0414, CA1052, CA1810, CA2207, CA1821, CA1063, CA1816
#pragma warning disable IDE0044, IDE0051, IDE0052
public sealed class TypeLayoutTests
{
    private static object? s_escaped;

    [Fact]
    public void No_code_of_a_measured_type_runs()
    {
        Truth.Measure(new Hostile());
        Truth.Measure(new List<Hostile> { new(), new() });
    }

    [Fact]
    public void The_finalizer_of_a_probe_never_runs()
    {
        var kept = new Finalizable();
        Assert.True(Truth.Measure(kept) > 1000);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(0, Finalizable.Finalized);
        GC.KeepAlive(kept);
    }

    [Fact]
    public void A_weak_reference_survives_the_probing_of_its_type()
    {
        byte[] target = new byte[100];
        var weak = new WeakReference<byte[]>(target);
        Truth.Measure(weak);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.True(weak.TryGetTarget(out byte[]? found));
        Assert.Same(target, found);
    }

    [Fact]
    public void A_type_whose_static_constructor_threw_is_exact()
    {
        object value = Escaped(static () => new BrokenStatics());
        Assert.Equal(ObjectSize.Overhead + (2 * IntPtr.Size), Truth.Measure(value));
    }

    [Fact]
    public void A_finalizable_type_whose_static_constructor_threw_is_an_estimate()
    {
        object value = Escaped(static () => new BrokenFinalizable());
        var measurer = new ObjectMeasurer();
        Assert.Equal(ObjectSize.Overhead + (2 * IntPtr.Size), measurer.Measure(value));
        Assert.Equal(1, measurer.EstimatedCount);
    }

    [Fact]
    public void A_collectible_type_can_be_unloaded_after_it_was_measured()
    {
        WeakReference type = MeasureCollectible();
        Assert.True(Eventually.Dead(type), "the type is still alive");
    }

    [Fact]
    public void Values_may_change_and_be_measured_on_several_threads_at_once()
    {
        var measurer = new ObjectMeasurer(bounds: Truth.Unbounded);
        var stable = Enumerable.Range(0, 500).ToDictionary(i => $"key {i}", i => new Everything());
        long expected = measurer.Measure(stable);
        var changing = new Everything[100];
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            changing[i % 100] = new Everything { Self = changing };
            Assert.True(measurer.Measure(changing) > 0);
            Assert.Equal(expected, measurer.Measure(stable));
        });
    }

    [Fact]
    public void A_measured_graph_is_not_kept_alive()
    {
        WeakReference small = MeasureAndDrop(10);
        WeakReference large = MeasureAndDrop(5_000);
        Assert.True(Eventually.Dead(small, large), "a graph is still alive");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference MeasureAndDrop(int count)
    {
        object[] value = [.. Enumerable.Range(0, count).Select(_ => new object())];
        Truth.Measure(value);
        return new WeakReference(value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference MeasureCollectible()
    {
        ModuleBuilder module = AssemblyBuilder
            .DefineDynamicAssembly(new AssemblyName("Collectible"), AssemblyBuilderAccess.RunAndCollect)
            .DefineDynamicModule("Collectible");
        TypeBuilder builder = module.DefineType("Thing", TypeAttributes.Public);
        builder.DefineField("Text", typeof(string), FieldAttributes.Public);
        builder.DefineField("Other", typeof(object), FieldAttributes.Public);
        Type type = builder.CreateType();
        object value = Activator.CreateInstance(type)!;
        type.GetField("Text")!.SetValue(value, new string('x', 100));
        type.GetField("Other")!.SetValue(value, Array.CreateInstance(type, 30));
        Assert.True(Truth.Measure(value) > 400);
        return new WeakReference(type);
    }

    // The static constructor makes an instance, puts it where it can be had, and throws.
    private static object Escaped(Func<object> build)
    {
        Assert.Throws<TypeInitializationException>(build);
        return s_escaped!;
    }

    private sealed class BrokenStatics
    {
        private readonly int _number = 1;
        private readonly object? _content;

        static BrokenStatics()
        {
            s_escaped = new BrokenStatics();
            throw new InvalidOperationException();
        }
    }

    private sealed class BrokenFinalizable
    {
        private readonly int _number = 1;
        private readonly object? _content;

        static BrokenFinalizable()
        {
            s_escaped = new BrokenFinalizable();
            throw new InvalidOperationException();
        }

        ~BrokenFinalizable() => GC.KeepAlive(this);
    }

    private sealed class Hostile
    {
        private readonly string _text = new('x', 10);

        public string Text => throw new InvalidOperationException();

        public override bool Equals(object? obj) => throw new InvalidOperationException();

        public override int GetHashCode() => throw new InvalidOperationException();

        public override string ToString() => throw new InvalidOperationException(_text);
    }

    private sealed class Finalizable
    {
        public static int Finalized;
        private readonly byte[] _content = new byte[1000];

        ~Finalizable() => Interlocked.Increment(ref Finalized);
    }

    private sealed class Everything
    {
        public string Text { get; init; } = new('x', 100);

        public Mixed Mixed { get; init; } = new(new string('y', 200), new Inline());

        public Mixed? Unset { get; init; }

        public Mixed? Set { get; init; } = new Mixed(new string('z', 300), Inline.Filled());

        public object? Self { get; init; }
    }

    private record struct Mixed(string Text, Inline Inline);

    [InlineArray(5)]
    private struct Inline
    {
        private KeyValuePair<string?, int> _first;

        public static Inline Filled()
        {
            var inline = new Inline();
            for (int i = 0; i < 5; i++)
            {
                inline[i] = KeyValuePair.Create<string?, int>(new string('i', 50 + i), i);
            }

            return inline;
        }
    }
}
