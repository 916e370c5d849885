using System.Buffers;
using System.Runtime.InteropServices;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>
/// A byte cache in a process that gets no more address space (RLIMIT_AS, as <c>ulimit -v</c> sets it).
/// </summary>
internal sealed partial class ByteAddressLimit : Scenario
{
    private const int AddressSpace = 9;
    private const int Entries = 150_000;
    private const ulong MoreBytes = 48UL << 20;

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        // What the runtime needs for this code, evictions included, is there before the limit is.
        byte[] large = new byte[1 << 20];
        foreach (long limit in (long[])[8L << 20, 512L << 20])
        {
            using BoundedByteCache first = Make(limit);
            Fill(first, Entries / 10);
            Check(first, Entries / 10);
            first.Set("large", large);
            Fill(first, Entries / 10);
        }

        StartThreads();

        // No collection is due until the end: it would need address space that the process does not get.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using BoundedByteCache cache = Make();
        if (GetLimit(AddressSpace, out Limit old) != 0)
        {
            throw new InvalidOperationException("getrlimit failed.");
        }

        ulong pages = ulong.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0]);
        SetLimit((pages * (ulong)Environment.SystemPageSize) + MoreBytes, old.Most);
        int stored = Fill(cache, Entries);
        int right = Check(cache, Entries);
        (long used, int count) = (cache.UsedMemory, cache.Count);
        bool isLargeStored = cache.Set("large", large);
        SetLimit(old.Now, old.Most);
        int storedAfter = Fill(cache, Entries);
        return new ScenarioResult
        {
            Figures = new Dictionary<string, double>
            {
                ["stored"] = stored,
                ["right"] = right,
                ["count"] = count,
                ["usedBytes"] = used,
                ["isLargeStored"] = isLargeStored ? 1 : 0,
                ["storedAfter"] = storedAfter,
                ["countAfter"] = cache.Count,
            },
        };
    }

    /// <summary>
    /// Starts what the runtime starts when it is needed: it ends the process where there is no room for a stack then.
    /// </summary>
    private static void StartThreads()
    {
        const int Threads = 4;
        ThreadPool.SetMinThreads(Threads, Threads);
        using var all = new Barrier(Threads);
        Task.WaitAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(all.SignalAndWait)));
        Task.Delay(1).Wait();
    }

    private static BoundedByteCache Make(long limit = 512L << 20) =>
        new(new BoundedByteCacheOptions { MaxMemory = limit });

    private static int Fill(BoundedByteCache cache, int entries)
    {
        Span<byte> value = stackalloc byte[1_000];
        Span<char> buffer = stackalloc char[10];
        int stored = 0;
        for (int i = 0; i < entries; i++)
        {
            value.Fill((byte)i);
            stored += cache.Set(Key(i, buffer), value) ? 1 : 0;
        }

        return stored;
    }

    private static int Check(BoundedByteCache cache, int entries)
    {
        int right = 0;
        var writer = new ArrayBufferWriter<byte>(1_000);
        Span<char> buffer = stackalloc char[10];
        for (int i = 0; i < entries; i++)
        {
            writer.ResetWrittenCount();
            if (cache.TryGet(Key(i, buffer), writer))
            {
                right += writer.WrittenCount == 1_000 && !writer.WrittenSpan.ContainsAnyExcept((byte)i) ? 1 : 0;
            }
        }

        return right;
    }

    /// <summary>A key without garbage: a collection would need address space too.</summary>
    private static ReadOnlySpan<char> Key(int number, Span<char> buffer) =>
        number.TryFormat(buffer, out int length) ? buffer[..length] : default;

    private static void SetLimit(ulong now, ulong most)
    {
        if (SetLimit(AddressSpace, new Limit { Now = now, Most = most }) != 0)
        {
            throw new InvalidOperationException("setrlimit failed.");
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetLimit(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Now;
        public ulong Most;
    }
}
