using System.Collections;
using System.Runtime.CompilerServices;
using BoundedCache.Engine;
using CsCheck;

namespace BoundedCache.Tests.Engine;

/// <summary>
/// Keys of more than 32 bits, whose own hash codes anybody can make collide: equal keys have equal hashes, and chosen
/// collisions spread. The properties are tried on random keys; a failure shows CsCheck's seed.
/// </summary>
public sealed class WideKeyTests
{
    private const int Keys = 20_000;

    private enum Signed : long
    {
    }

    private enum Unsigned : ulong
    {
    }

    private enum Small
    {
    }

    /// <summary>Two keys of a type that are equal, though they need not be the same bits.</summary>
    private static readonly Dictionary<string, Gen<(object, object)>> s_equalKeys = new()
    {
        ["long"] = Gen.Long.Select(static value => Same(value)),
        ["ulong"] = Gen.ULong.Select(static value => Same(value)),
        ["nint"] = Gen.Long.Select(static value => Same((nint)value)),
        ["nuint"] = Gen.ULong.Select(static value => Same((nuint)value)),
        ["Int128"] = Wide.Select(static value => Same((Int128)value)),
        ["UInt128"] = Wide.Select(static value => Same(value)),
        ["Guid"] = Gen.Guid.Select(static value => Same(value)),
        ["DateTime"] = Gen.DateTime.Select(static value =>
            Same(value, DateTime.SpecifyKind(value, DateTimeKind.Utc))),
        ["DateTimeOffset"] = Instants.Select(static value => Same(value, value.ToOffset(TimeSpan.FromHours(3)))),
        ["TimeSpan"] = Gen.TimeSpan.Select(static value => Same(value)),
        ["TimeOnly"] = Gen.TimeOnly.Select(static value => Same(value)),
        ["DateOnly"] = Gen.DateOnly.Select(static value => Same(value)),
        ["decimal"] = Decimals.Select(static value => Same(value, WithZeros(value))),
        ["double"] = Gen.Double.Special.Select(static value => Same(value, value == 0 ? -value : value)),
        ["not a number"] = Gen.ULong.Select(static bits =>
            Same(double.NaN, BitConverter.UInt64BitsToDouble(bits | 0x7FF8_0000_0000_0000))),
        ["float"] = Gen.Single.Special.Select(static value => Same(value, value == 0 ? -value : value)),
        ["enum of 64 bits"] = Gen.Long.Select(static value => Same((Signed)value)),
        ["enum of 64 bits, unsigned"] = Gen.ULong.Select(static value => Same((Unsigned)value)),
        ["enum"] = Gen.Int.Select(static value => Same((Small)value)),
        ["nullable"] = Gen.Long.Select(static value => Same(value, (long?)value)),
        ["tuple of 1"] = Gen.Long.Select(static value => Same(ValueTuple.Create(value))),
        ["tuple of 2"] = Gen.Select(Gen.Long, Gen.String).Select(static pair => Same(pair)),
        ["tuple with a decimal"] = Gen.Select(Gen.Int, Decimals).Select(static pair =>
            Same(pair, (pair.Item1, WithZeros(pair.Item2)))),
        ["tuple with a time"] = Gen.Select(Gen.Guid, Instants).Select(static pair =>
            Same(pair, (pair.Item1, pair.Item2.ToOffset(TimeSpan.FromHours(3))))),
        ["tuple with null"] = Gen.Long.Select(static value => Same(((string?)null, (long?)null, value))),
        ["tuple of objects"] = Gen.Select(Gen.Long, Decimals).Select(static pair => Same<(object, object)>(
            (pair.Item1, pair.Item2), (pair.Item1, WithZeros(pair.Item2)))),
        ["tuple of 7"] = Gen.Long.Select(static v => Same((v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6))),
        ["tuple of 9"] = Gen.Long.Select(static v => Same((v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7, 1.0m),
            (v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7, 1.00m))),
        ["nested tuple"] = Gen.Select(Gen.Long, Gen.Guid).Select(static pair => Same((pair, (1.50m, pair.Item2)),
            (pair, (1.5m, pair.Item2)))),
        ["tuple that is an object"] = Gen.Select(Gen.Long, Decimals).Select(static pair =>
            Same(Tuple.Create(pair.Item1, pair.Item2), Tuple.Create(pair.Item1, WithZeros(pair.Item2)))),
        ["tuple that is an object, of 8"] = Gen.Long.Select(static v =>
            Same(Tuple.Create(v, v, v, v, v, v, v, v), Tuple.Create(v, v, v, v, v, v, v, v))),
        ["tuple that is an object, and a class derived from it"] = Gen.Long.Select(static value =>
            Same<object>(Tuple.Create(value, 1), new DerivedTuple(value, 1))),
        ["tuple of 9 numbers"] = Gen.Int.Select(static v => Same((v, 2, 3, 4, 5, 6, 7, 8, 9))),
        ["tuple of 2 numbers that is an object"] = Gen.Int.Select(static v =>
            Same(Tuple.Create(v, 1), Tuple.Create(v, 1))),
        ["tuple of a number and a text"] = Gen.Select(Gen.Int, Gen.String).Select(static pair => Same(pair)),
        ["tuple of records"] = Gen.Long.Select(static value => Same((new Own(value), value))),
    };

    /// <summary>Different keys of a type that have one hash code of their own, or few.</summary>
    private static readonly Dictionary<string, Func<int, object>> s_collidingKeys = new()
    {
        ["long"] = static i => Folded(i),
        ["ulong"] = static i => (ulong)Folded(i),
        ["nint"] = static i => (nint)Folded(i),
        ["nuint"] = static i => (nuint)Folded(i),
        ["Int128"] = static i => new Int128((ulong)i, (ulong)i),
        ["UInt128"] = static i => new UInt128((ulong)i, (ulong)i),
        ["Guid"] = static i => new Guid(i, 0, 0, BitConverter.GetBytes((long)i << 32)),
        ["DateTime"] = static i => new DateTime(Folded(i)),
        ["DateTimeOffset"] = static i => new DateTimeOffset(Folded(i), TimeSpan.Zero),
        ["TimeSpan"] = static i => new TimeSpan(Folded(i)),
        ["TimeOnly"] = static i => new TimeOnly(((long)(i % 190) << 32) | (uint)(i % 190 ^ (i / 190))),
        ["double"] = static i => BitConverter.Int64BitsToDouble(Folded(i)),
        ["decimal"] = static i => new decimal(i, i, 0, isNegative: false, scale: 0),
        ["enum of 64 bits"] = static i => (Signed)Folded(i),
        ["enum of 64 bits, unsigned"] = static i => (Unsigned)Folded(i),
        ["tuple of 1"] = static i => ValueTuple.Create(Folded(i)),
        ["tuple of 2"] = static i => (Folded(i), 1),
        ["tuple of 3, with a nullable"] = static i => (1, "text", (long?)Folded(i)),
        ["tuple of objects"] = static i => ((object)Folded(i), (object)"text"),
        ["tuple of 8"] = static i => (Folded(i), 2, 3, 4, 5, 6, 7, 8),
        ["tuple of 12, whose own hash code leaves out the first"] =
            static i => (Folded(i), 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
        ["nested tuple"] = static i => (1, (2, (3, Folded(i)))),
        ["tuple that is an object"] = static i => Tuple.Create(Folded(i), 1),
        ["tuple of 2 numbers that is an object"] = static i => Tuple.Create(i, unchecked(33 * i)),
        ["tuple of 2 numbers"] = static i => CancelledOut(i),
        ["tuple of 9 numbers"] = static i => (i, 2, 3, 4, 5, 6, 7, 8, 9),
        ["tuple of 9 numbers that is an object"] =
            static i => new Tuple<int, int, int, int, int, int, int, Tuple<int, int>>(i, 2, 3, 4, 5, 6, 7, new(8, 9)),
        ["class derived from a tuple"] = static i => new DerivedTuple(Folded(i), 1),
        ["nested tuple that is an object"] = static i => Tuple.Create(1, Tuple.Create(2, Folded(i))),
    };

    public static TheoryData<string> EqualKeys => [.. s_equalKeys.Keys];

    public static TheoryData<string> CollidingKeys => [.. s_collidingKeys.Keys];

    private static Gen<UInt128> Wide =>
        Gen.Select(Gen.ULong, Gen.ULong).Select(static halves => new UInt128(halves.Item1, halves.Item2));

    private static Gen<DateTimeOffset> Instants =>
        Gen.Long[TimeSpan.TicksPerDay, DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay]
            .Select(static ticks => new DateTimeOffset(ticks, TimeSpan.Zero));

    /// <summary>Few digits, so that zeros can be added, and many.</summary>
    private static Gen<decimal> Decimals => Gen.OneOf(
        Gen.Decimal,
        Gen.Select(Gen.Int, Gen.Int[0, 9]).Select(static parts =>
            new decimal(parts.Item1, 0, 0, parts.Item1 % 2 == 0, (byte)parts.Item2)));

    [Theory]
    [MemberData(nameof(EqualKeys))]
    public void Equal_keys_have_equal_hashes(string type) => s_equalKeys[type].Sample(
        static pair =>
        {
            (object one, object other) = pair;
            Assert.Equal(one, other);
            Assert.True(one.Equals(other) && other.Equals(one), $"{one} and {other} are not equal");
            Assert.Equal(KeyHasher.Hash(one), KeyHasher.Hash(other));
        },
        iter: 1000,
        threads: 1);

    [Theory]
    [MemberData(nameof(CollidingKeys))]
    public void Keys_chosen_to_have_one_hash_code_spread(string type)
    {
        object[] keys = [.. Enumerable.Range(1, Keys).Select(s_collidingKeys[type])];
        Assert.Equal(Keys, keys.Distinct(EqualityByHash.Instance).Count());

        KeyHasherTests.AssertSpread(keys.Select(KeyHasher.Hash));
    }

    [Theory]
    [InlineData("long")]
    [InlineData("Guid")]
    [InlineData("decimal")]
    [InlineData("tuple of 2")]
    [InlineData("enum of 64 bits")]
    [InlineData("tuple of 2 numbers")]
    [InlineData("tuple of 2 numbers that is an object")]
    [InlineData("tuple of 9 numbers")]
    [InlineData("tuple of 9 numbers that is an object")]
    public void The_chosen_keys_do_collide_by_their_own_hash_codes(string type) => Assert.InRange(
        Enumerable.Range(1, Keys).Select(i => s_collidingKeys[type](i).GetHashCode()).Distinct().Count(), 1, 2);

    [Fact]
    public void A_key_of_the_applications_own_class_keeps_its_hash_code()
    {
        Assert.Equal(KeyHasher.Hash(new Own(1)), KeyHasher.Hash(new Own(2)));
        Assert.NotEqual(KeyHasher.Hash(new Own(1)), KeyHasher.Hash(new Own(1L << 40)));
        Assert.Equal(KeyHasher.Hash(new OwnTuple(1)), KeyHasher.Hash(new OwnTuple(2)));
        Assert.Equal(KeyHasher.Hash(new FoldingTuple("a")), KeyHasher.Hash(new FoldingTuple("A")));
    }

    [Fact]
    public void A_class_derived_from_a_tuple_has_the_hash_of_the_tuple_that_it_equals()
    {
        // The runtime's Equals and GetHashCode of tuples do not go through this interface.
        (object one, object other) = (new FoldingByInterface("a"), Tuple.Create("a"));
        Assert.True(one.Equals(other) && other.Equals(one), "these keys are equal");
        Assert.False(one.Equals(new FoldingByInterface("A")), "these keys are not equal");
        Assert.Equal(KeyHasher.Hash(one), KeyHasher.Hash(other));
    }

    [Fact]
    public void The_order_of_a_tuples_elements_counts()
    {
        (long, long)[] pairs =
            [.. from a in Enumerable.Range(0, 100) from b in Enumerable.Range(0, 100) select ((long)a, (long)b)];
        KeyHasherTests.AssertSpread(pairs.Select(static pair => KeyHasher.Hash(pair)));
        KeyHasherTests.AssertSpread(pairs.Select(static pair => KeyHasher.Hash((pair.Item1, 5L, pair.Item2))));
    }

    /// <summary>
    /// Each process has its own seeds, so thousands are tried, always the same ones. The longest chain of a random
    /// function is ten here, and by chance twelve.
    /// </summary>
    [Theory]
    [InlineData("sequence")]
    [InlineData("squares")]
    [InlineData("multiples of 64")]
    [InlineData("multiples of 2 to the 32")]
    [InlineData("one hash code")]
    [InlineData("floating-point numbers")]
    [InlineData("seconds as ticks")]
    public void Numbers_of_64_and_128_bits_spread_whatever_the_seeds_are(string numbers)
    {
        ulong[] keys = [.. Enumerable.Range(0, 4000).Select(static i => (ulong)i).Select(i => numbers switch
        {
            "sequence" => i,
            "squares" => i * i,
            "multiples of 64" => i << 6,
            "multiples of 2 to the 32" => i << 32,
            "one hash code" => (i << 32) | i,
            "floating-point numbers" => BitConverter.DoubleToUInt64Bits(i),
            "seconds as ticks" => (ulong)DateTime.UnixEpoch.Ticks + (i * TimeSpan.TicksPerSecond),
            _ => throw new ArgumentException(numbers, nameof(numbers)),
        })];
        KeyHasherTests.AssertSpreadForAllSeeds(
            numbers, keys.Length, (i, seed0, seed1, seed2) => KeyHasher.Scatter(keys[i], seed0, seed1, seed2));
        KeyHasherTests.AssertSpreadForAllSeeds(
            numbers, keys.Length, (i, seed0, seed1, seed2) => KeyHasher.Scatter(0, keys[i], seed0, seed1, seed2));
        KeyHasherTests.AssertSpreadForAllSeeds(
            numbers, keys.Length, (i, seed0, seed1, seed2) => KeyHasher.Scatter(keys[i], keys[i], seed0, seed1, seed2));
    }

    private static (object, object) Same<T>(T key) => (key!, key!);

    private static (object, object) Same<T>(T key, T equal) => (key!, equal!);

    /// <summary>The same number with as many zeros after its last digit as there is room for.</summary>
    private static decimal WithZeros(decimal value)
    {
        try
        {
            decimal more = value + 0.0000000000000000000000000000m;
            return more == value ? more : value;
        }
        catch (OverflowException)
        {
            return value;
        }
    }

    /// <summary>Numbers whose two halves are equal: exclusive or of the halves is 0.</summary>
    private static long Folded(int i) => ((long)i << 32) | (uint)i;

    /// <summary>
    /// Pairs that <see cref="HashCode"/> gives one or two hash codes, whatever its secret is: what the first number
    /// adds to its state, the second one takes away. The constants are that type's own.
    /// </summary>
    internal static (int First, int Second) CancelledOut(int i)
    {
        const uint Prime3 = 3_266_489_917;
        const uint Prime4 = 668_265_263;
        uint inverse = 1;
        for (int bit = 0; bit < 5; bit++)
        {
            inverse *= 2 - (Prime3 * inverse);
        }

        return unchecked(((int)(((uint)i << 15) * inverse), (int)(0 - ((uint)i * Prime4 * inverse))));
    }

    /// <summary>Compares as the tuple that it is.</summary>
    private sealed class DerivedTuple(long number, int other) : Tuple<long, int>(number, other)
    {
        public override string ToString() => "derived";
    }

    /// <summary>Compares by rules of its own.</summary>
    private sealed class FoldingTuple(string text) : Tuple<string, int>(text, 1)
    {
        public override bool Equals(object? obj) =>
            obj is FoldingTuple other && string.Equals(Item1, other.Item1, StringComparison.OrdinalIgnoreCase);

        public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Item1);
    }

    /// <summary>Compares by rules of its own, but only where it is asked as this interface.</summary>
    private sealed class FoldingByInterface(string text) : Tuple<string>(text), IStructuralEquatable
    {
        bool IStructuralEquatable.Equals(object? other, IEqualityComparer comparer) =>
            other is FoldingByInterface folding
            && string.Equals(Item1, folding.Item1, StringComparison.OrdinalIgnoreCase);

        int IStructuralEquatable.GetHashCode(IEqualityComparer comparer) =>
            StringComparer.OrdinalIgnoreCase.GetHashCode(Item1);
    }

    /// <summary>Its own hash code, which is poor.</summary>
    private sealed record Own(long Number)
    {
        public override int GetHashCode() => (int)(Number >> 32);
    }

    /// <summary>A tuple of the application's: it may compare as it likes.</summary>
    private sealed class OwnTuple(long number) : ITuple
    {
        public int Length => 1;

        public object this[int index] => number;

        public override bool Equals(object? obj) => obj is OwnTuple;

        public override int GetHashCode() => 7;
    }

    /// <summary>Tells equal keys apart from others without a table by their own hash codes.</summary>
    private sealed class EqualityByHash : IEqualityComparer<object>
    {
        public static EqualityByHash Instance { get; } = new();

        public new bool Equals(object? x, object? y) => object.Equals(x, y);

        public int GetHashCode(object obj) => KeyHasher.Hash(obj);
    }
}
