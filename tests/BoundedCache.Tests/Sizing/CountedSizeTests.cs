using System.Buffers;
using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.Specialized;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>
/// Shapes that know how many elements they have, beyond the bound, against what the collector counts.
/// </summary>
[Collection(HeapTests.Name)]
public sealed class CountedSizeTests
{
    private static readonly Dictionary<string, Func<int, object>> s_shapes = new(StringComparer.Ordinal)
    {
        ["Array"] = objects => Items(objects / 2).ToArray(),
        ["List"] = objects => Items(objects / 2).ToList(),
        ["Dictionary"] = objects => Items(objects / 3).ToDictionary(static item => item.Name + "key"),
        ["ConcurrentQueue"] = objects => new ConcurrentQueue<Item>(Items(objects / 2)),
        ["ConcurrentBag"] = objects => new ConcurrentBag<Item>(Items(objects / 2)),
        ["SortedDictionary"] = objects =>
            new SortedDictionary<int, Item>(Items(objects / 3).ToDictionary(static item => item.Number)),
        ["ImmutableDictionary.Builder"] = objects =>
        {
            ImmutableDictionary<int, Item>.Builder builder = ImmutableDictionary.CreateBuilder<int, Item>();
            builder.AddRange(Items(objects / 3).Select(static item => KeyValuePair.Create(item.Number, item)));
            return builder;
        },
        ["ImmutableSortedDictionary.Builder"] = objects =>
            Items(objects / 3).ToImmutableSortedDictionary(static item => item.Number, static item => item).ToBuilder(),
        ["Lookup of few"] = objects => Items(objects / 2).ToLookup(static item => item.Number / 10),
        ["Lookup of one each"] = objects => Items(objects / 5).ToLookup(static item => item.Name),
        ["ReadOnlySequence"] = static objects => Sequence(objects / 2),
        ["Holder of a ReadOnlySequence"] = static objects => Tuple.Create(Sequence(objects / 2), new object()),
        ["Hashtable"] = objects => new Hashtable(Items(objects / 3).ToDictionary(static item => item.Number)),
        ["NameValueCollection"] = objects =>
        {
            var collection = new NameValueCollection();
            foreach (Item item in Items(objects / 5))
            {
                collection.Add(item.Name, item.Name);
            }

            return collection;
        },
        ["OrderedDictionary"] = objects =>
        {
            var dictionary = new OrderedDictionary();
            foreach (Item item in Items(objects / 3))
            {
                dictionary.Add(item.Name, item);
            }

            return dictionary;
        },
    };

    public static TheoryData<string> Shapes() => [.. s_shapes.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Twice_the_bound_is_within_10_percent(string shape) => AssertEstimate(shape, 20_000, 0.1);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Fifty_times_the_bound_is_within_25_percent(string shape) => AssertEstimate(shape, 500_000, 0.25);

    [Theory]
    [InlineData(20_000, 0.1)]
    [InlineData(500_000, 0.25)]
    public void Segments_that_grow_longer_are_within(int objects, double share)
    {
        object value = Sequence(objects / 2, shortOnes: 300);
        var measurer = new ObjectMeasurer();

        long measured = measurer.Measure(value);

        Truth.AssertWithin(share, measurer.MeasureFully(value, CancellationToken.None), measured);
    }

    /// <summary>A segment keeps alive those that follow it, also beyond the last one of a slice.</summary>
    [Theory]
    [InlineData(12_000, 250)]
    [InlineData(12_000, 900_000)]
    [InlineData(25_000, 250)]
    [InlineData(25_000, 2_000_000)]
    [InlineData(60_000, 250)]
    public void A_slice_of_segments_is_charged_those_beyond_it_or_finished_later(int segments, int bytes)
    {
        object value = Sequence(segments).Slice(0, bytes);
        var measurer = new ObjectMeasurer();

        long measured = measurer.Measure(value, out MeasureNotes notes);

        long all = measurer.MeasureFully(value, CancellationToken.None);
        Assert.True(
            (notes & MeasureNotes.LowerBound) != 0 || Math.Abs(measured - all) < all / 10,
            $"{measured} of {all}, {notes}");
    }

    [Fact]
    public void Segments_too_many_to_count_are_finished_later()
    {
        new ObjectMeasurer().Measure(Sequence(20_000, shortOnes: 18_000), out MeasureNotes notes);

        Assert.Equal(MeasureNotes.Estimated | MeasureNotes.LowerBound, notes);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Below_the_bound_it_is_exact(string shape)
    {
        (object value, long bytes) = Truth.Retained(() => s_shapes[shape](3_000), copies: 20);
        Truth.AssertWithin(0.02, bytes, Truth.Measure(value));
    }

    // Against the count of all objects, which the tests below the bound and those of linked shapes hold against the
    // collector.
    private static void AssertEstimate(string shape, int objects, double share)
    {
        object value = s_shapes[shape](objects);
        var measurer = new ObjectMeasurer();

        long measured = measurer.Measure(value, out MeasureNotes notes);

        MeasureNotes later = shape.Contains("Sequence", StringComparison.Ordinal) && objects > 40_000
            ? MeasureNotes.LowerBound
            : MeasureNotes.None;
        Assert.Equal(MeasureNotes.Estimated | later, notes);
        Truth.AssertWithin(share, measurer.MeasureFully(value, CancellationToken.None), measured);
        Assert.Equal(measured, measurer.Measure(value));
    }

    private static IEnumerable<Item> Items(int count) => Enumerable.Range(0, count).Select(static i => new Item(i));

    private static ReadOnlySequence<byte> Sequence(int segments, int shortOnes = int.MaxValue)
    {
        var first = new Segment(new byte[100], null);
        Segment last = first;
        for (int i = 1; i < segments; i++)
        {
            last = new Segment(new byte[i < shortOnes ? 100 + (i % 7) : 1_000], last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed record Item(int Number)
    {
        public string Name { get; } = $"item number {Number}";
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? previous)
        {
            Memory = bytes;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
