using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

public sealed class UserSizerTests
{
    private readonly List<(Type Type, Exception Exception)> _failures = [];

    [Fact]
    public void The_sizer_of_the_exact_type_comes_first()
    {
        ObjectMeasurer measurer = With<Base>(_ => 1234);
        Assert.Equal(1234, measurer.Measure(new Base()));
        Assert.Equal(Truth.Measure(new Derived()), measurer.Measure(new Derived()));
        Assert.Equal(0, measurer.EstimatedCount);
    }

    [Fact]
    public void Even_strings_and_byte_arrays_may_have_sizers()
    {
        Assert.Equal(1, With<string>(_ => 1).Measure("text"));
        Assert.Equal(2, With<byte[]>(_ => 2).Measure(new byte[100]));
        Assert.Equal(3, With<sbyte[]>(_ => 3).Measure(new sbyte[100]));
        Assert.Equal(Truth.Measure(new sbyte[100]), With<byte[]>(_ => 4).Measure(new sbyte[100]));
    }

    [Fact]
    public void A_sizer_that_throws_is_reported_and_the_value_measured()
    {
        var thrown = new FormatException();
        Assert.Equal(Truth.Measure(new Base()), With<Base>(_ => throw thrown).Measure(new Base()));
        Assert.Equal([(typeof(Base), thrown)], _failures);
    }

    [Fact]
    public void A_negative_answer_is_reported_and_the_value_measured()
    {
        Assert.Equal(Truth.Measure(new Base()), With<Base>(_ => -1).Measure(new Base()));
        Assert.Equal(typeof(Base), Assert.Single(_failures).Type);
    }

    [Fact]
    public void Zero_is_an_answer()
    {
        Assert.Equal(0, With<Base>(_ => 0).Measure(new Base()));
        Assert.Empty(_failures);
    }

    [Fact]
    public void Whoever_is_told_of_failures_may_throw()
    {
        var measurer = new ObjectMeasurer(
            new Dictionary<Type, Func<object, long>> { [typeof(Base)] = _ => throw new FormatException() },
            (_, _) => throw new InvalidOperationException());
        Assert.Equal(Truth.Measure(new Base()), measurer.Measure(new Base()));
    }

    [Fact]
    public void A_sizer_may_measure_other_values()
    {
        ObjectMeasurer? measurer = null;
        measurer = With<Base>(b => measurer!.Measure(((Base)b).Content) + 5);
        Assert.Equal(Truth.Measure(new Base().Content) + 5, measurer.Measure(new Base()));
    }

    [Fact]
    public void A_sizer_that_asks_for_its_own_argument_gets_the_measured_size()
    {
        ObjectMeasurer? measurer = null;
        measurer = With<Base>(b => measurer!.Measure(b) + 7);
        Assert.Equal(Truth.Measure(new Base()) + 7, measurer.Measure(new Base()));
        Assert.Equal(Truth.Measure(new Base()) + 7, measurer.Measure(new Base()));
    }

    [Fact]
    public void Sizers_that_ask_for_each_other_end()
    {
        ObjectMeasurer? measurer = null;
        measurer = new ObjectMeasurer(new Dictionary<Type, Func<object, long>>
        {
            [typeof(Base)] = _ => measurer!.Measure(new Derived()),
            [typeof(Derived)] = _ => measurer!.Measure(new Base()),
        });
        Assert.Equal(Truth.Measure(new Base()), measurer.Measure(new Base()));
    }

    [Fact]
    public void Sizers_added_later_are_not_seen()
    {
        var sizers = new Dictionary<Type, Func<object, long>>();
        var measurer = new ObjectMeasurer(sizers);
        sizers[typeof(Base)] = _ => 1;
        Assert.Equal(Truth.Measure(new Base()), measurer.Measure(new Base()));
    }

    private ObjectMeasurer With<T>(Func<object, long> sizer) =>
        new(new Dictionary<Type, Func<object, long>> { [typeof(T)] = sizer }, (type, e) => _failures.Add((type, e)));

    private class Base
    {
        public byte[] Content { get; } = new byte[100];
    }

    private sealed class Derived : Base
    {
        public byte[] More { get; } = new byte[200];
    }
}
