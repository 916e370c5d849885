using System.Runtime.CompilerServices;
using BoundedCache.Engine;
using BoundedCache.Tests.Sizing;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>The figures that an entry's charge is based on.</summary>
public sealed class EntryBytesTests
{
    private static readonly PostEvictionCallbackRegistration s_callback = new();

    [Fact]
    public void A_slot_and_its_link_are_48_bytes_and_a_bucket_two_thirds_of_eight()
    {
        Assert.Equal(32, Unsafe.SizeOf<Slot>());
        Assert.Equal(16, Unsafe.SizeOf<OrderNode>());
        Assert.Equal(CacheEngine.TableBytesPerEntry, Math.Ceiling(32 + 16 + (sizeof(int) / 0.75)));
    }

    [Fact]
    public void A_scan_resistant_table_has_at_most_74_bytes_an_entry_and_charges_what_it_has()
    {
        var engine = new CacheEngine(
            long.MaxValue, TimeProvider.System, static _ => { }, policy: EvictionPolicy.ScanResistant);
        const int Entries = 200_000;
        for (int i = 0; i < Entries; i++)
        {
            string key = $"key {i}";
            engine.Set(new StringLookup(key), new NewEntry
            {
                Key = key,
                Value = "",
                Details = null,
                Priority = CacheItemPriority.Normal,
                Charge = 1,
                Deadline = long.MaxValue,
            }, out _);
        }

        Assert.InRange(engine.TableBytes / (double)Entries, engine.BytesPerEntry - 2, 74);
        Assert.InRange(engine.BytesPerEntry, 1, 74);
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
        PostEvictionCallbackRegistration[] many = [.. Enumerable.Repeat(s_callback, callbacks)];
        (object details, long bytes) = Truth.Allocated(() =>
        {
            var details = EntryDetails.Empty();
            details.Callbacks = many.Length == 0 ? [] : [.. many];
            details.Tokens = tokens == 0 ? [] : new EntryToken[tokens];
            return details;
        });

        Assert.Equal(bytes, ((EntryDetails)details).OwnBytes);
    }
}
