using BoundedCache.Engine;
using BoundedCache.Sizing;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class SizingRuleTests
{
    private static readonly long s_rest = ObjectMeasurer.SizeOfString("key".Length) + CacheEngine.TableBytesPerEntry;
    private static readonly byte[] s_value = new byte[1000];

    [Theory]
    [InlineData(null, 1024)]
    [InlineData(0L, 1024)]
    [InlineData(1L, 1024)]
    [InlineData(1023L, 1024)]
    [InlineData(5000L, 5000)]
    public void Measured_takes_the_declared_size_as_a_floor_and_adds_key_and_table(long? declared, long value)
    {
        using var test = new CacheUnderTest();
        Store(test, declared);

        Assert.Equal(value + s_rest, test.Cache.UsedMemory);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(1L)]
    [InlineData(5000L)]
    public void Declared_takes_exactly_the_declared_size(long declared)
    {
        using var test = new CacheUnderTest(static options => options.Sizing = EntrySizing.Declared);
        Store(test, declared);

        Assert.Equal(declared, test.Cache.UsedMemory);
    }

    [Fact]
    public void Declared_needs_a_size_and_says_which_entry_has_none()
    {
        using var test = new CacheUnderTest(static options => options.Sizing = EntrySizing.Declared);

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Store(test, null));

        Assert.Contains("'test'", error.Message, StringComparison.Ordinal);
        Assert.Contains("ICacheEntry.Size", error.Message, StringComparison.Ordinal);
        Assert.Contains("the key key", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, test.Cache.Count);
    }

    [Fact]
    public void A_size_is_not_negative()
    {
        using var test = new CacheUnderTest();
        using ICacheEntry entry = test.Cache.CreateEntry("key");

        Assert.Throws<ArgumentOutOfRangeException>("value", () => entry.Size = -1);
        Assert.Null(entry.Size);
    }

    [Fact]
    public void The_greatest_size_is_refused_and_not_wrapped()
    {
        using var test = new CacheUnderTest();
        Store(test, long.MaxValue);

        Assert.Equal(0, test.Cache.UsedMemory);
    }

    [Fact]
    public void A_deadline_costs_what_the_table_keeps_for_it()
    {
        using var test = new CacheUnderTest();
        using (ICacheEntry entry = test.Cache.CreateEntry("key"))
        {
            entry.Value = s_value;
            entry.SetAbsoluteExpiration(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1024 + s_rest + CacheEngine.DeadlineBytesPerEntry, test.Cache.UsedMemory);
    }

    [Fact]
    public void A_registered_sizer_answers_instead_of_the_measurement()
    {
        using var test = new CacheUnderTest(
            static options => options.AddSizer<byte[]>(static value => value.Length * 2));
        Store(test, null);

        Assert.Equal(2000 + s_rest, test.Cache.UsedMemory);
    }

    [Fact]
    public void A_replacement_is_charged_anew_and_the_old_charge_credited()
    {
        using var test = new CacheUnderTest();
        Store(test, 5000);
        Store(test, null);

        Assert.Equal(1024 + s_rest, test.Cache.UsedMemory);
        test.Cache.Remove("key");
        Assert.Equal(0, test.Cache.UsedMemory);
    }

    private static void Store(CacheUnderTest test, long? size)
    {
        using ICacheEntry entry = test.Cache.CreateEntry("key");
        entry.Value = s_value;
        entry.Size = size;
    }
}
