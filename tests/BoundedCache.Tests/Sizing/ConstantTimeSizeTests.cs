using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

public sealed class ConstantTimeSizeTests
{
    private enum Tiny : byte
    {
        One,
    }

    [Fact]
    public void Null_keeps_nothing_alive() => Assert.Equal(0, new ObjectMeasurer().Measure(null));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(18)]
    [InlineData(1023)]
    [InlineData(100_000)]
    public void A_string_is_exact(int length)
    {
        Truth.AssertExact(() => new string('x', length));
        Assert.Equal(ObjectMeasurer.SizeOfString(length), Truth.Measure(new string('y', length)));
    }

    [Fact]
    public void The_empty_string_is_as_large_as_the_smallest_object() =>
        Assert.Equal(3 * IntPtr.Size, ObjectMeasurer.SizeOfString(0));

    [Fact]
    public void The_longest_string_does_not_overflow() =>
        Assert.True(ObjectMeasurer.SizeOfString(int.MaxValue) > 2L * int.MaxValue);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(1024)]
    public void Arrays_without_references_are_exact(int length)
    {
        Truth.AssertExact(() => new byte[length]);
        Truth.AssertExact(() => new sbyte[length]);
        Truth.AssertExact(() => new char[length]);
        Truth.AssertExact(() => new int[length]);
        Truth.AssertExact(() => new double[length]);
        Truth.AssertExact(() => new decimal[length]);
        Truth.AssertExact(() => new Guid[length]);
        Truth.AssertExact(() => new Tiny[length]);
        Truth.AssertExact(() => new (byte, short, int?)[length]);
        Truth.AssertExact(() => new nint[length]);
    }

    [Fact]
    public void Large_arrays_are_within_2_percent()
    {
        // The large object heap may count padding to the allocation.
        (object value, long bytes) = Truth.Allocated(() => new decimal[200_001]);
        Truth.AssertWithin(0.02, bytes, Truth.Measure(value));
    }

    [Fact]
    public unsafe void Arrays_of_pointers_are_exact_and_their_targets_are_not_followed()
    {
        Truth.AssertExact(() => new int*[100]);
        Truth.AssertExact(() => new delegate*<void>[100]);
    }

    [Fact]
    public void Arrays_of_several_dimensions_are_exact()
    {
        Truth.AssertExact(() => new int[13, 7]);
        Truth.AssertExact(() => new byte[3, 5, 7]);
        Truth.AssertExact(() => new string[3, 5]);
        Truth.AssertExact(() => new int[0, 0, 0, 0]);

        // Creating this one leaves garbage: the two arrays of bounds.
        (object value, long bytes) = Truth.Allocated(() => Array.CreateInstance(typeof(short), [330], [-5]));
        Truth.AssertWithin(0.1, bytes, Truth.Measure(value));
        Assert.Equal(Truth.Measure(new short[330]) + (2 * sizeof(int)), Truth.Measure(value));
    }

    [Fact]
    public void Boxed_values_are_exact()
    {
        Truth.AssertExact(() => true);
        Truth.AssertExact(() => 42);
        Truth.AssertExact(() => 42L);
        Truth.AssertExact(() => 42m);
        Truth.AssertExact(() => Guid.Empty);
        Truth.AssertExact(() => Tiny.One);
        Truth.AssertExact(() => DateTimeOffset.UnixEpoch);
        Truth.AssertExact(() => (1, 2L, (byte)3));
    }

    [Fact]
    public void Memory_counts_the_whole_array_behind_it()
    {
        Truth.AssertExact(() => new Memory<byte>(new byte[5000], 10, 10));
        Truth.AssertExact(() => new ReadOnlyMemory<int>(new int[5000], 10, 10));
        Truth.AssertExact(() => new ArraySegment<double>(new double[5000], 10, 10));
        Truth.AssertExact(() => new string('x', 5000).AsMemory(10, 10));
    }

    [Fact]
    public void Constant_time_answers_allocate_nothing()
    {
        var measurer = new ObjectMeasurer();
        object[] values = ["text", new byte[100], new int[100], 42, new double[3, 3]];
        Array.ForEach(values, v => measurer.Measure(v));

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (object value in values)
        {
            measurer.Measure(value);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
