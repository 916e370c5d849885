using System.Runtime.CompilerServices;
using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.Tests.Sizing;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests.Engine;

/// <summary>The figures that an entry's charge is based on.</summary>
public sealed class EntryBytesTests
{
    private static readonly IChangeToken s_token = new CancellationChangeToken(CancellationToken.None);
    private static readonly PostEvictionCallbackRegistration s_callback = new();

    [Fact]
    public void A_slot_and_its_link_are_48_bytes_and_a_bucket_two_thirds_of_eight()
    {
        Assert.Equal(32, Unsafe.SizeOf<Slot>());
        Assert.Equal(16, Unsafe.SizeOf<OrderNode>());
        Assert.Equal(CacheEngine.TableBytesPerEntry, Math.Ceiling(32 + 16 + (sizeof(int) / 0.75)));
    }

    [Fact]
    public void Chunks_stay_below_the_large_object_threshold() =>
        Assert.InRange(Unsafe.SizeOf<Slot>() * SlotStore.ChunkSize, 0, 84_000);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    [InlineData(3, 2)]
    public void Details_charge_what_the_runtime_allocates_for_them(int callbacks, int tokens)
    {
        using var test = new CacheUnderTest();
        var entry = (CacheEntry)test.Cache.CreateEntry("key");
        entry.SlidingExpiration = TimeSpan.FromMinutes(1);
        entry.PostEvictionCallbacks.AddRange(Enumerable.Repeat(s_callback, callbacks));
        entry.ExpirationTokens.AddRange(Enumerable.Repeat(s_token, tokens));

        (object details, long bytes) = Truth.Allocated(() => entry.MakeDetails(0)!);

        // The registrations with the tokens are created later.
        long registrations = tokens == 0 ? 0 : 24 + (8L * tokens);
        Assert.Equal(bytes, ((EntryDetails)details).OwnBytes - registrations);
    }
}

file static class Lists
{
    public static void AddRange<T>(this IList<T> list, IEnumerable<T> items) => items.ToList().ForEach(list.Add);
}
