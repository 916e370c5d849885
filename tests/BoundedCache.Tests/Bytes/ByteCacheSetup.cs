using System.Buffers;
using BoundedCache.Bytes;
using Microsoft.Extensions.Time.Testing;

namespace BoundedCache.Tests.Bytes;

/// <summary>Makes byte caches and values for tests.</summary>
internal static class ByteCacheSetup
{
    public const long MiB = 1024 * 1024;

    public static BoundedByteCache Make(
        long limit = 16 * MiB,
        TimeProvider? time = null,
        IPageSource? pages = null,
        bool clear = false,
        EvictionPolicy policy = EvictionPolicy.LeastRecentlyUsed) => new(
            new BoundedByteCacheOptions
            {
                MaxMemory = limit,
                TimeProvider = time ?? TimeProvider.System,
                ClearFreedMemory = clear,
                EvictionPolicy = policy,
                TrackStatistics = true,
            },
            null,
            null,
            pages);

    public static FakeTimeProvider Clock() => new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>A value whose every byte depends on a seed and its place, so that a torn value is noticed.</summary>
    public static byte[] Value(int seed, int length)
    {
        byte[] value = new byte[length];
        Fill(value, seed);
        return value;
    }

    public static void Fill(Span<byte> value, int seed)
    {
        for (int i = 0; i < value.Length; i++)
        {
            value[i] = ByteAt(seed, i);
        }
    }

    public static byte ByteAt(int seed, int at) => (byte)((seed * 31) + (at * 7) + (at >> 8));

    /// <summary>Whether bytes are those of a seed.</summary>
    public static bool Is(ReadOnlySpan<byte> bytes, int seed)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != ByteAt(seed, i))
            {
                return false;
            }
        }

        return true;
    }

    public static byte[]? Read(BoundedByteCache cache, string key)
    {
        var writer = new ArrayBufferWriter<byte>();
        return cache.TryGet(key, writer) ? writer.WrittenSpan.ToArray() : null;
    }
}
