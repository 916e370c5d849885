namespace BoundedCache.Contract.Tests;

/// <summary>Lookups by characters, and which overload a call gets that is compiled against the class.</summary>
public abstract class SpanLookupContract(CacheKind kind) : CacheContract(kind)
{
    [Theory]
    [InlineData("")]
    [InlineData("k")]
    [InlineData("a longer key, of more than sixteen bytes")]
    [InlineData("clé ключ 鍵 🔑")]
    [InlineData("with\0null")]
    public void Characters_find_the_value_of_the_string_they_spell(string key)
    {
        Set(key, 1);

        Assert.True(Tested.TryGetValue($"<{key}>".AsSpan(1, key.Length), out object? value));
        Assert.Equal(1, value);
        Assert.False(Tested.TryGetValue($"{key}!".AsSpan(), out value));
        Assert.Null(value);
    }

    [Fact]
    public void Characters_find_only_strings()
    {
        Set(7, 1);
        Set('7', 2);

        Assert.False(Tested.TryGetValue("7".AsSpan(), out object? _));
        Assert.False(Tested.TryGetValue(default, out object? _));
    }

    [Fact]
    public void No_characters_are_the_empty_key()
    {
        Set("", 1);

        Assert.True(Tested.TryGetValue(default, out object? value));
        Assert.Equal(1, value);
    }

    [Fact]
    public void A_value_is_answered_as_the_type_it_has()
    {
        Set("key", 5);

        Assert.True(Tested.TryGetValue("key".AsSpan(), out int number));
        Assert.Equal(5, number);
        Assert.True(Tested.TryGetValue("key".AsSpan(), out int? nullable));
        Assert.Equal(5, nullable);
        Assert.True(Tested.TryGetValue("key".AsSpan(), out IComparable? comparable));
        Assert.Equal(5, comparable);
    }

    [Fact]
    public void A_value_of_another_type_is_not_found()
    {
        Set("key", 5);

        Assert.False(Tested.TryGetValue("key".AsSpan(), out string? text));
        Assert.Null(text);
        Assert.False(Tested.TryGetValue("key".AsSpan(), out long number));
        Assert.Equal(0, number);
    }

    [Fact]
    public void Null_is_found_as_any_type()
    {
        Set("key", null);

        Assert.True(Tested.TryGetValue("key".AsSpan(), out string? text));
        Assert.Null(text);
        Assert.True(Tested.TryGetValue("key".AsSpan(), out int number));
        Assert.Equal(0, number);
    }

    [Fact]
    public void What_is_not_there_is_found_as_no_type()
    {
        Assert.False(Tested.TryGetValue("key".AsSpan(), out int number));
        Assert.Equal(0, number);
    }

    [Fact]
    public void An_expired_entry_is_not_found()
    {
        Set("key", 1, entry => entry.AbsoluteExpiration = Now + Minute);
        Time.Advance(Minute);

        Assert.False(Tested.TryGetValue("key".AsSpan(), out object? _));
        Assert.Equal(0, Tested.Count);
    }

    [Fact]
    public void A_string_variable_is_looked_up_as_a_key()
    {
        Set("key", 5);

        Assert.True(Tested.TryGetByString("key", out object? value));
        Assert.Equal(5, value);
        Assert.True(Tested.TryGetByString("key", out int number));
        Assert.Equal(5, number);
        Assert.False(Tested.TryGetByString("key", out string? _));
    }

    [Fact]
    public void A_null_that_the_compiler_takes_for_a_string_or_characters_is_no_key()
    {
        Set("", 5);
        (Type? Thrown, bool Found) expected = Differs<(Type?, bool)>(Deviations.NullString,
            memoryCache: (null, true),
            bounded: (typeof(ArgumentNullException), false));
        bool found = false;

        Assert.Equal(expected, (Thrown(() => found = Tested.TryGetNullLiteral()), found));
        found = false;
        Assert.Equal(expected, (Thrown(() => found = Tested.TryGetByString(null, out object? _)), found));
        found = false;
        Assert.Equal(expected, (Thrown(() => found = Tested.TryGetByString(null, out int _)), found));
    }

    [Fact]
    public void A_null_object_is_no_key() =>
        Assert.Throws<ArgumentNullException>(() => Tested.TryGetByObject(null, out object? _));

    [Fact]
    public void An_object_variable_is_looked_up_as_what_it_is()
    {
        Set("key", 5);
        Set(7, 6);

        Assert.True(Tested.TryGetByObject("key", out object? value));
        Assert.Equal(5, value);
        Assert.True(Tested.TryGetByObject(7, out value));
        Assert.Equal(6, value);
    }

    [Fact]
    public void A_lookup_by_string_or_characters_allocates_nothing()
    {
        Set("key", "value");
        Assert.Equal(0, Enumerable.Range(0, 3).Min(_ => Allocated()));

        long Allocated()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Tested.TryGetValue("key".AsSpan(), out object? _);
            Tested.TryGetValue("key".AsSpan(), out string? _);
            Tested.TryGetValue("other".AsSpan(), out object? _);
            Tested.TryGetByString("key", out object? _);
            Tested.TryGetByString("key", out string? _);
            Tested.TryGetByString("other", out object? _);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    public sealed class OnMemoryCache() : SpanLookupContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : SpanLookupContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : SpanLookupContract(CacheKind.ScanResistant);
}
