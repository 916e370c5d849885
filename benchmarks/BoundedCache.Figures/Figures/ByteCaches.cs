using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using BoundedCache.Process;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// <see cref="BoundedByteCache"/>: how near RSS stays to the limit, and what sets, gets and a shrink take, beside the
/// object cache in the same run.
/// </summary>
internal sealed class ByteCaches : IPartedFigure
{
    private const long MiB = 1024 * 1024;
    private const long Limit = 512 * MiB;
    private const int Measured = 1_000_000;
    private static readonly TimeSpan s_later = TimeSpan.FromMinutes(10);

    /// <summary>Sizes of values and how many are set in all: small ones are cheap, and make the 200 million.</summary>
    private static readonly (int Min, int Max, int Sets)[] s_sizes =
        [(512, 1536, 25_000_000), (100, 200, 42_000_000), (10_000, 30_000, 200_000), (16, 4 << 20, 4_000)];

    public string Name => "bytes";

    public string Title => $"BoundedByteCache, limit {Limit / MiB} MiB unless said, reads into a reused buffer";

    public IReadOnlyList<string> Parts => ["resident", "sets", "gets", "shrink", "later", "entry", "pause"];

    public IEnumerable<Row> Run(IReadOnlyList<string> parts)
    {
        if (parts.Contains("resident"))
        {
            foreach (int writers in (int[])[1, 4, 8])
            {
                foreach ((int min, int max, int sets) in s_sizes)
                {
                    double[] answer = Child.Measure(Name, "resident", $"{writers}", $"{min}", $"{max}", $"{sets}");
                    yield return new(
                        $"{writers} writers, values of {min:N0} to {max:N0} bytes: RSS / limit",
                        $"{answer[0]:N3} after {answer[1]:N0} sets; {answer[2]:N0} full collections",
                        "<= 1.05; 0 by sets and gets");
                }
            }

            (int least, int most, int all) = s_sizes[0];
            double[] other = Child.Measure(Name, "resident-objects", $"{least}", $"{most}", $"{all / 10}");
            yield return new(
                $"1 writer, values of {least:N0} to {most:N0} bytes, MemoryCache with that SizeLimit: RSS / limit",
                $"{other[0]:N3} after {other[1]:N0} sets; {other[2]:N0} full collections");
        }

        if (parts.Contains("sets"))
        {
            double[] ns = Child.Median(3, () => Child.Measure(Name, "sets"));
            yield return new(
                "a set into a full cache, one writer, 1 KiB",
                $"{ns[0]:N0} ns; BoundedMemoryCache {ns[1]:N0} ({ns[1] / ns[0]:N1} x), "
                    + $"MemoryDistributedCache {ns[2]:N0} ({ns[2] / ns[0]:N1} x)",
                ">= 4 x BoundedMemoryCache");
        }

        if (parts.Contains("gets"))
        {
            double[] ns = Child.Median(3, () => Child.Measure(Name, "gets"));
            yield return new(
                "get and copy, 1 KiB",
                $"{ns[0]:N0} ns; BoundedMemoryCache with a copy {ns[1]:N0}: {ns[0] / ns[1]:N2} x",
                "<= 1.3 x");
            yield return new(
                "gets, two threads against one",
                $"{ns[2]:N2} x; the same copies out of a ConcurrentDictionary {ns[3]:N2} x, which is what the "
                    + "machine allows",
                ">= 1.8 x");
        }

        if (parts.Contains("shrink"))
        {
            double[] bytes = Child.Median(3, () => Child.Measure(Name, "shrink", "bytes"));
            double[] objects = Child.Median(3, () => Child.Measure(Name, "shrink", "objects"));
            yield return new(
                "1 GiB to 100 MiB under reads",
                $"{bytes[0]:N0} ms, RSS {bytes[1]:N3} x the new limit; object cache, Full: {objects[0]:N0} ms, "
                    + $"{bytes[0] / objects[0]:N2} x; pause {bytes[2]:N0} ms against {objects[2]:N0}",
                "<= 0.6 x; <= 1.05 x + 5 MB; pause 0");
            yield return new(
                "a reader's longest wait in that time",
                $"{bytes[3]:N1} ms, without a shrink {bytes[4]:N1}; object cache {objects[3]:N1} and {objects[4]:N1}",
                "within 1 ms");
        }

        if (parts.Contains("later"))
        {
            double[] answer = Child.Measure(Name, "later");
            yield return new(
                $"1 GiB to 100 MiB, the system's huge pages '{HugePages()}': RSS / new limit at once; "
                    + $"{s_later.TotalMinutes:N0} minutes later",
                $"{answer[0]:N3}; {answer[1]:N3}",
                "<= 1.05 x + 5 MB, so 1.098");
        }

        if (parts.Contains("entry"))
        {
            foreach ((int min, int max, _) in s_sizes[..2])
            {
                double bytes = Child.Measure(Name, "entry", $"{min}", $"{max}")[0];
                double average = (min + max) / 2.0;
                yield return new(
                    $"bytes an entry beyond key and value, {min:N0} to {max:N0} bytes",
                    $"{bytes:N0}",
                    $"<= {48 + (average * (average < 500 ? 0.10 : 0.07)):N0}");
            }
        }

        if (parts.Contains("pause"))
        {
            double[] ms = Child.Median(3, () => Child.Measure(Name, "pause", "bytes"));
            double[] objects = Child.Measure(Name, "pause", "objects");
            yield return new(
                "pause of a full collection with 10 million entries of 100 bytes",
                $"{ms[1]:N1} ms; empty {ms[0]:N1} ms; MemoryCache {objects[1]:N1} ms; RSS beyond empty "
                    + $"{ms[2]:N0} MiB, MemoryCache {objects[2]:N0}",
                "within 2 ms");
        }
    }

    public void Measure(string[] args)
    {
        int Number(int at) => int.Parse(args[at], CultureInfo.InvariantCulture);
        switch (args[0])
        {
            case "resident":
                MeasureResident(Number(1), Number(2), Number(3), Number(4));
                break;
            case "resident-objects":
                MeasureResidentObjects(Number(1), Number(2), Number(3));
                break;
            case "sets":
                MeasureSets();
                break;
            case "gets":
                MeasureGets();
                break;
            case "shrink":
                MeasureShrink(args[1] == "bytes");
                break;
            case "later":
                MeasureLater();
                break;
            case "entry":
                MeasureEntry(Number(1), Number(2));
                break;
            default:
                MeasurePause(args[1] == "bytes");
                break;
        }
    }

    private static long Resident => ProcessMemory.Shared.TakeSnapshot().AnonymousBytes ?? 0;

    private static BoundedByteCache Make(long limit) => new(new BoundedByteCacheOptions { MaxMemory = limit });

    /// <summary>The process with all code compiled, and nothing stored.</summary>
    private static long Floor()
    {
        using BoundedByteCache cache = Make(8 * MiB);
        Write(cache, new Buffers(0, 3000), 0, 0, 20_000, 16, 3000);
        Write(cache, new Buffers(1, 400_000), 1, 0, 200, 16, 400_000);
        cache.MaxMemory = MiB;
        cache.Dispose();
        GC.Collect();
        return Resident;
    }

    private static void MeasureResident(int writers, int min, int max, int all)
    {
        Buffers[] buffers = [.. Enumerable.Range(0, writers).Select(writer => new Buffers(writer, max))];
        long floor = Floor();
        int collections = GC.CollectionCount(2);
        using BoundedByteCache cache = Make(Limit);
        int sets = all / writers;
        Thread[] threads = [.. Enumerable.Range(0, writers).Select(writer =>
            new Thread(() => Write(cache, buffers[writer], writer, (long)writer * sets, sets, min, max)))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Child.Answer(
            (Resident - floor) / (double)Limit, (double)sets * writers, GC.CollectionCount(2) - collections);
        GC.KeepAlive(buffers);
    }

    /// <summary>The same sets and reads of a MemoryCache whose sizes are the bytes of keys and values.</summary>
    private static void MeasureResidentObjects(int min, int max, int sets)
    {
        long floor = Floor();
        int collections = GC.CollectionCount(2);
        using MemoryCache cache = Caches.Microsoft(Limit);
        var random = new Random(0);
        for (int i = 0; i < sets; i++)
        {
            byte[] value = new byte[random.Next(min, max)];
            string key = EntryKey.Create(i);
            cache.Set(key, value, new MemoryCacheEntryOptions { Size = value.Length + (key.Length * sizeof(char)) });
            if (i % 4 == 0)
            {
                cache.TryGetValue(EntryKey.Create(random.Next(i + 1)), out _);
            }
        }

        Child.Answer((Resident - floor) / (double)Limit, sets, GC.CollectionCount(2) - collections);
    }

    /// <summary>Sets of new keys, with a quarter of random reads.</summary>
    private static void Write(
        BoundedByteCache cache, Buffers buffers, int seed, long first, int sets, int min, int max)
    {
        var random = new Random(seed);
        byte[] value = buffers.Value;
        ArrayBufferWriter<byte> read = buffers.Read;
        Span<char> key = stackalloc char[24];
        for (int i = 0; i < sets; i++)
        {
            Key(first + i, key);
            cache.Set(key, value.AsSpan(0, random.Next(min, max)));
            if (i % 4 == 0)
            {
                Key(first + random.Next(i + 1), key);
                read.ResetWrittenCount();
                cache.TryGet(key, read);
            }
        }
    }

    /// <summary>What a writer itself needs. Made and touched before RSS is measured: it is not the cache's.</summary>
    private sealed class Buffers
    {
        public Buffers(int seed, int max)
        {
            Value = new byte[max];
            new Random(seed).NextBytes(Value);
            Read = new ArrayBufferWriter<byte>(max);
            Read.GetSpan(max).Fill(1);
        }

        public byte[] Value { get; }

        public ArrayBufferWriter<byte> Read { get; }
    }

    private static void Key(long number, Span<char> key)
    {
        "key:".CopyTo(key);
        number.TryFormat(key[4..], out _, "d20", CultureInfo.InvariantCulture);
    }

    private static void MeasureSets()
    {
        const int Entries = 100_000;
        const long Size = Entries * 1200L;
        byte[] value = new byte[1024];
        string[] keys = [.. Enumerable.Range(0, 4 * Entries).Select(EntryKey.Create)];
        using BoundedByteCache bytes = Make(Size);
        using BoundedMemoryCache objects = Caches.Bounded(Size);
        var distributed = new MemoryDistributedCache(
            Options.Create(new MemoryDistributedCacheOptions { SizeLimit = Size }));
        var never = new DistributedCacheEntryOptions();
        Child.Answer(
            Time(keys, key => bytes.Set(key, value)),
            Time(keys, key => objects.Set(key, value.AsSpan().ToArray())),
            Time(keys, key => distributed.Set(key, value.AsSpan().ToArray(), never)));
    }

    private static double Time(string[] keys, Action<string> set)
    {
        Array.ForEach(keys, set);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Measured; i++)
        {
            set(keys[i % keys.Length]);
        }

        return Stopwatch.GetElapsedTime(started).TotalNanoseconds / Measured;
    }

    private static void MeasureGets()
    {
        const int Entries = 300_000;
        byte[] value = new byte[1024];
        string[] keys = [.. Enumerable.Range(0, Entries).Select(EntryKey.Create)];
        using BoundedByteCache bytes = Make(Limit);
        using BoundedMemoryCache objects = Caches.Bounded();
        foreach (string key in keys)
        {
            bytes.Set(key, value);
            objects.Set(key, value.AsSpan().ToArray());
        }

        new Random(1).Shuffle(keys);
        var read = new ArrayBufferWriter<byte>(1024);
        byte[] copy = new byte[1024];
        double ofBytes = Time(keys, key =>
        {
            read.ResetWrittenCount();
            bytes.TryGet(key, read);
        });
        double ofObjects = Time(keys, key =>
        {
            if (objects.TryGetValue(key, out object? found))
            {
                ((byte[])found!).AsSpan().CopyTo(copy);
            }
        });
        var dictionary = new ConcurrentDictionary<string, byte[]>(
            keys.Select(key => KeyValuePair.Create(key, value.AsSpan().ToArray())));
        Action<string> FromBytes()
        {
            var buffer = new ArrayBufferWriter<byte>(1024);
            return key =>
            {
                buffer.ResetWrittenCount();
                bytes.TryGet(key, buffer);
            };
        }

        Action<string> FromDictionary()
        {
            byte[] buffer = new byte[1024];
            return key => dictionary[key].AsSpan().CopyTo(buffer);
        }

        Child.Answer(ofBytes, ofObjects, TwoThreadsGain(keys, FromBytes), TwoThreadsGain(keys, FromDictionary));
    }

    /// <summary>Two threads' gets a second as a multiple of one's.</summary>
    private static double TwoThreadsGain(string[] keys, Func<Action<string>> makeGet)
    {
        double one = GetsPerSecond(keys, makeGet, 1);
        return GetsPerSecond(keys, makeGet, 2) / one;
    }

    /// <summary>Each thread makes its own get, with its own buffer, and begins elsewhere among the keys.</summary>
    private static double GetsPerSecond(string[] keys, Func<Action<string>> makeGet, int threads)
    {
        long started = Stopwatch.GetTimestamp();
        Thread[] all = [.. Enumerable.Range(0, threads).Select(thread => new Thread(() =>
        {
            Action<string> get = makeGet();
            for (int i = 0; i < Measured; i++)
            {
                get(keys[(i + (thread * keys.Length / 2)) % keys.Length]);
            }
        }))];
        Array.ForEach(all, static thread => thread.Start());
        Array.ForEach(all, static thread => thread.Join());
        return threads * Measured / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static void MeasureShrink(bool ofBytes)
    {
        long floor = Floor();
        const int Entries = 900_000;
        byte[] value = new byte[1024];
        using BoundedByteCache bytes = Make(1024 * MiB);
        using BoundedMemoryCache objects = Caches.Bounded(1024 * MiB, ReleaseMode.Full);
        for (int i = 0; i < Entries; i++)
        {
            if (ofBytes)
            {
                bytes.Set(EntryKey.Create(i), value);
            }
            else
            {
                objects.Set(EntryKey.Create(i), new byte[1024]);
            }
        }

        using var reader = new WaitingReader(ofBytes ? bytes : null, objects, Entries);
        ShrinkReport report = (ofBytes
            ? bytes.SetMaxMemoryAsync(100 * MiB)
            : objects.SetMaxMemoryAsync(100 * MiB)).GetAwaiter().GetResult();
        double longest = reader.TakeLongest();
        long resident = Resident;

        // As long again, with nothing to do but to read.
        Thread.Sleep(report.TotalTime);
        Child.Answer(
            report.TotalTime.TotalMilliseconds,
            (resident - floor) / (100.0 * MiB),
            report.GCPause.TotalMilliseconds,
            longest,
            reader.TakeLongest());
    }

    /// <summary>A thread that reads random keys, and remembers the longest read.</summary>
    private sealed class WaitingReader : IDisposable
    {
        private readonly Thread _thread;
        private long _longest;
        private bool _stop;

        public WaitingReader(BoundedByteCache? bytes, BoundedMemoryCache objects, int entries)
        {
            string[] keys = [.. Enumerable.Range(0, 10_000).Select(i => EntryKey.Create(entries - 1 - i))];
            var read = new ArrayBufferWriter<byte>(1024);
            _thread = new Thread(() =>
            {
                var random = new Random(1);
                while (!Volatile.Read(ref _stop))
                {
                    string key = keys[random.Next(keys.Length)];
                    long started = Stopwatch.GetTimestamp();
                    if (bytes is not null)
                    {
                        read.ResetWrittenCount();
                        bytes.TryGet(key, read);
                    }
                    else
                    {
                        objects.TryGetValue(key, out _);
                    }

                    long took = Stopwatch.GetTimestamp() - started;
                    if (took > Volatile.Read(ref _longest))
                    {
                        Volatile.Write(ref _longest, took);
                    }
                }
            });
            _thread.Start();
            Thread.Sleep(200);
            TakeLongest();
        }

        /// <summary>The longest read since the last call, in milliseconds.</summary>
        public double TakeLongest() =>
            Stopwatch.GetElapsedTime(0, Interlocked.Exchange(ref _longest, 0)).TotalMilliseconds;

        public void Dispose()
        {
            Volatile.Write(ref _stop, true);
            _thread.Join();
        }
    }

    private static void MeasureLater()
    {
        long floor = Floor();
        using BoundedByteCache cache = Make(1024 * MiB);
        byte[] value = new byte[1024];
        for (int i = 0; i < 900_000; i++)
        {
            cache.Set(EntryKey.Create(i), value);
        }

        cache.MaxMemory = 100 * MiB;
        double atOnce = (Resident - floor) / (100.0 * MiB);
        Thread.Sleep(s_later);
        Child.Answer(atOnce, (Resident - floor) / (100.0 * MiB));
    }

    /// <summary>The word in brackets is the setting that holds.</summary>
    private static string HugePages()
    {
        const string File = "/sys/kernel/mm/transparent_hugepage/enabled";
        return System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File).Split('[', ']')[1] : "unknown";
    }

    private static void MeasureEntry(int min, int max)
    {
        using BoundedByteCache cache = Make(Limit);
        var random = new Random(1);
        byte[] value = new byte[max];
        Span<char> key = stackalloc char[24];
        long stored = 0;
        int count = (int)(Limit / (max + 200));
        for (int i = 0; i < count; i++)
        {
            int length = random.Next(min, max);
            stored += length + key.Length;
            Key(i, key);
            cache.Set(key, value.AsSpan(0, length));
        }

        Child.Answer((cache.UsedMemory - stored) / (double)cache.Count);
    }

    private static void MeasurePause(bool ofBytes)
    {
        const int Entries = 10_000_000;
        double empty = Pause();
        long floor = Resident;
        using BoundedByteCache bytes = Make(4096 * MiB);
        using MemoryCache objects = Caches.Microsoft();
        if (ofBytes)
        {
            byte[] value = new byte[100];
            Span<char> key = stackalloc char[24];
            for (int i = 0; i < Entries; i++)
            {
                Key(i, key);
                bytes.Set(key, value);
            }
        }
        else
        {
            Caches.Fill(objects, Entries, valueBytes: 100);
        }

        double pause = Pause();
        Child.Answer(empty, pause, (Resident - floor) / (double)MiB);
        GC.KeepAlive(bytes);
        GC.KeepAlive(objects);
    }

    private static double Pause()
    {
        GC.Collect();
        TimeSpan before = GC.GetTotalPauseDuration();
        GC.Collect();
        return (GC.GetTotalPauseDuration() - before).TotalMilliseconds;
    }
}
