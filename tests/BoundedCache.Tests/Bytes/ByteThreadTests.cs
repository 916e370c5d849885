using System.Buffers;
using System.Buffers.Binary;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>Threads that read what others write: no torn value, no value of another key, no lost write.</summary>
public sealed class ByteThreadTests
{
    private const int Header = 12;

    [Theory]
    [InlineData(4 * MiB, 2_000, 3_000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(MiB, 40_000, 100, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(16 * MiB, 200_000, 200, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(256 * MiB, 1_000, 20, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(4 * MiB, 2_000, 3_000, EvictionPolicy.ScanResistant)]
    [InlineData(16 * MiB, 200_000, 200, EvictionPolicy.ScanResistant)]
    public async Task Readers_see_whole_values_while_everything_changes(
        long limit, int largest, int keys, EvictionPolicy policy)
    {
        using BoundedByteCache cache = Make(limit, policy: policy);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        Task[] tasks =
        [
            .. Enumerable.Range(0, 2).Select(i => Start(() => Write(cache, i, largest, keys, stop.Token))),
            .. Enumerable.Range(0, 3).Select(i => Start(() => ReadAll(cache, i, keys, stop.Token))),
            Start(() => Disturb(cache, limit, stop.Token)),
        ];
        await Task.WhenAll(tasks);
        cache.MaxMemory = limit;
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public async Task Readers_and_writers_inside_survive_a_disposal(EvictionPolicy policy)
    {
        for (int round = 0; round < 15; round++)
        {
            BoundedByteCache cache = Make(4 * MiB, policy: policy);
            using var stop = new CancellationTokenSource();
            Task[] tasks =
            [
                Start(() => Write(cache, 1, 100_000, 100, stop.Token)),
                Start(() => ReadAll(cache, 1, 100, stop.Token)),
                Start(() => ReadAll(cache, 2, 100, stop.Token)),
            ];
            SpinWait.SpinUntil(() => cache.Count > 20 || tasks.Any(static task => task.IsCompleted));
            cache.Dispose();
            await stop.CancelAsync();
            await Task.WhenAll(tasks);
            Assert.Equal(0, cache.UsedMemory);
            cache.Engine.CheckInvariants();
        }
    }

    /// <summary>
    /// One writer a key, whose values are numbered. A read returns no older value than the last one whose write ended
    /// before it began, no newer one than the last whose write began before it ended, and never nothing.
    /// </summary>
    [Fact]
    public async Task Reads_are_linearizable()
    {
        const int Keys = 4;
        using BoundedByteCache cache = Make(64 * MiB);
        long[] begun = new long[Keys * 16];
        long[] ended = new long[Keys * 16];
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        for (int key = 0; key < Keys; key++)
        {
            Store(cache, key, 1, 100);
            begun[key * 16] = ended[key * 16] = 1;
        }

        Task[] tasks =
        [
            .. Enumerable.Range(0, Keys / 2).Select(writer => Start(() =>
            {
                var random = new Random(writer);
                for (int number = 2; !stop.IsCancellationRequested; number++)
                {
                    int key = (writer * 2) + (number % 2);
                    Volatile.Write(ref begun[key * 16], number);
                    Store(cache, key, number, random.Next(10) == 0 ? 80_000 : random.Next(2_000));
                    Volatile.Write(ref ended[key * 16], number);
                    cache.Set($"other{random.Next(5_000)}", Value(1, random.Next(2_000)));
                    if (number % 3 == 0)
                    {
                        cache.Remove($"other{random.Next(5_000)}");
                    }
                }
            })),
            .. Enumerable.Range(0, 2).Select(reader => Start(() =>
            {
                var random = new Random(100 + reader);
                while (!stop.IsCancellationRequested)
                {
                    int key = random.Next(Keys);
                    long least = Volatile.Read(ref ended[key * 16]);
                    byte[]? value = random.Next(2) == 0 ? cache.Get($"k{key}") : Read(cache, $"k{key}");
                    long most = Volatile.Read(ref begun[key * 16]);
                    Assert.NotNull(value);
                    Assert.InRange(Check(value, key), least, most);
                }
            })),
        ];
        await Task.WhenAll(tasks);
        cache.Engine.CheckInvariants();
    }

    private static Task Start(Action action) => Task.Factory.StartNew(
        () =>
        {
            try
            {
                action();
            }
            catch (ObjectDisposedException)
            {
                // The test disposes the cache under its users.
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private static void Write(BoundedByteCache cache, int seed, int largest, int keys, CancellationToken stop)
    {
        var random = new Random(seed);
        for (int number = 1; !stop.IsCancellationRequested; number++)
        {
            int key = random.Next(keys);
            Store(cache, key, number, (int)(largest * Math.Pow(random.NextDouble(), 3)));
            if (random.Next(10) == 0)
            {
                cache.Remove($"k{random.Next(keys)}");
            }
        }
    }

    private static void ReadAll(BoundedByteCache cache, int seed, int keys, CancellationToken stop)
    {
        var random = new Random(seed);
        var writer = new ArrayBufferWriter<byte>();
        while (!stop.IsCancellationRequested)
        {
            int key = random.Next(keys);
            writer.ResetWrittenCount();
            if (random.Next(2) == 0)
            {
                if (cache.Get($"k{key}") is { } value)
                {
                    Check(value, key);
                }
            }
            else if (cache.TryGet($"k{key}", writer))
            {
                Check(writer.WrittenSpan, key);
            }
        }
    }

    private static void Disturb(BoundedByteCache cache, long limit, CancellationToken stop)
    {
        var random = new Random(7);
        while (!stop.IsCancellationRequested)
        {
            cache.MaxMemory = random.Next(3) == 0 ? limit : limit / (1 + random.Next(6));
            switch (random.Next(20))
            {
                case 0:
                    cache.Clear();
                    break;
                case 1:
                    cache.Compact(0.5);
                    break;
                case 2:
                    cache.RemoveByPrefix("k1");
                    break;
                default:
                    cache.Engine.CheckInvariants(isQuiet: false);
                    Thread.Yield();
                    break;
            }
        }
    }

    private static void Store(BoundedByteCache cache, int key, int number, int length)
    {
        byte[] value = ArrayPool<byte>.Shared.Rent(Header + length);
        BinaryPrimitives.WriteInt32LittleEndian(value, key);
        BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan(4), number);
        BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan(8), length);
        Fill(value.AsSpan(Header, length), number + key);
        cache.Set($"k{key}", value.AsSpan(0, Header + length));
        ArrayPool<byte>.Shared.Return(value);
    }

    private static long Check(ReadOnlySpan<byte> value, int key)
    {
        int number = BinaryPrimitives.ReadInt32LittleEndian(value[4..]);
        Assert.Equal(key, BinaryPrimitives.ReadInt32LittleEndian(value));
        Assert.Equal(value.Length - Header, BinaryPrimitives.ReadInt32LittleEndian(value[8..]));
        Assert.True(Is(value[Header..], number + key), "a torn value");
        return number;
    }
}
