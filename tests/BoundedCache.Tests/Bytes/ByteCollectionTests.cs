using System.Buffers;
using System.Globalization;
using BoundedCache.Tests.Sizing;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>The byte cache needs no garbage collection. Other tests, which cause some, do not run beside.</summary>
[Collection(HeapTests.Name)]
public sealed class ByteCollectionTests
{
    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public async Task Sets_gets_a_shrink_and_a_release_cause_no_collection(EvictionPolicy policy)
    {
        // The process has threads of its own, of the test host for one, and they allocate: on a busy machine enough for
        // a collection. What the cache caused would be there in each round.
        int collections = 1;
        for (int round = 0; round < 5 && collections != 0; round++)
        {
            collections = await CountCollectionsAsync(policy);
        }

        Assert.Equal(0, collections);
    }

    private static async Task<int> CountCollectionsAsync(EvictionPolicy policy)
    {
        using BoundedByteCache cache = Make(32 * MiB, policy: policy);
        byte[] value = Value(1, 1_000);
        var copy = new ArrayBufferWriter<byte>(2 * value.Length);
        Fill(cache, value, copy, 1_000);
        GC.Collect();
        int before = GC.CollectionCount(0);

        Fill(cache, value, copy, 100_000);
        ShrinkReport shrink = await cache.SetMaxMemoryAsync(4 * MiB);
        ShrinkReport release = await ((IBoundedCache)cache).ReleaseAsync();
        cache.Clear();

        int collections = GC.CollectionCount(0) - before;
        Assert.True(shrink.EntriesEvicted > 20_000);
        Assert.Equal(ReleaseOutcome.Released, release.Outcome);
        cache.Engine.CheckInvariants();
        return collections;
    }

    /// <summary>Twice as many entries as there may be, without an allocation.</summary>
    private static void Fill(BoundedByteCache cache, byte[] value, ArrayBufferWriter<byte> copy, int entries)
    {
        Span<char> key = stackalloc char[16];
        for (int i = 0; i < entries; i++)
        {
            Assert.True(i.TryFormat(key, out int length, provider: CultureInfo.InvariantCulture));
            Assert.True(cache.Set(key[..length], value));
            copy.ResetWrittenCount();
            Assert.True(cache.TryGet(key[..length], copy));
        }
    }
}
