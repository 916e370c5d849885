using System.Diagnostics;
using BoundedCache.Harness.Peers;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// A set of a key that was never there into a full cache, size declared, by sets that were stored: MemoryCache
/// refuses new entries while it is full and compacts, and what it refuses costs it next to nothing. And what a set
/// allocates beyond key and value.
/// </summary>
internal sealed class Sets : IFigure
{
    private const int Entries = 100_000;
    private const int Rounds = 9;
    private const int SetsPerRound = 200_000;

    /// <summary>Sets that are timed together, and then looked for.</summary>
    private const int Batch = 64;

    private static readonly string[] s_peers =
        ["bounded-declared", "memory-cache", "memory-cache-best", "locked-lru", "bitfaster-lru"];

    public string Name => "sets";

    public string Title =>
        $"a set of a new key into a full cache of {Entries:N0} entries, size declared (medians of 3 processes of "
        + $"{Rounds} rounds in turns)";

    public IEnumerable<Row> Run()
    {
        double[] answer = Child.Median(3, () => Child.Measure(Name, "evicting"));
        double[] ns = [.. Enumerable.Range(0, s_peers.Length).Select(i => answer[2 * i])];
        for (int i = 0; i < s_peers.Length; i++)
        {
            yield return new(
                PeerCatalog.Find(s_peers[i]).IsLimitedByCount ? $"{s_peers[i]} (limited by count)" : s_peers[i],
                $"{ns[i]:N0} ns a stored set; {answer[(2 * i) + 1]:P1} of sets stored"
                    + (i == 0 ? $"; {ns[0] / ns[1]:N2} x memory-cache, {ns[0] / ns[2]:N2} x its best" : ""),
                i == 0 ? "<= 0.60 x MemoryCache" : "");
        }

        double[] bytes = Child.Measure(Name, "allocations");
        yield return new(
            "allocated by Set(key, value) through IMemoryCache",
            $"{bytes[0]:N0} B; MemoryCache {bytes[1]:N0} B",
            "<= MemoryCache");
        yield return new("allocated by Set(key, value) on the class", $"{bytes[2]:N0} B", "0 B");
    }

    public void Measure(string[] args)
    {
        if (args[0] == "allocations")
        {
            MeasureAllocations();
            return;
        }

        object value = new();
        ICachePeer[] caches = [.. s_peers.Select(static name => PeerCatalog.Find(name).Create(new PeerSetup(Entries)))];
        string[] keys = [.. Enumerable.Range(0, 4 * Entries).Select(EntryKey.Create)];
        foreach (ICachePeer cache in caches)
        {
            for (int i = 0; i < Entries; i++)
            {
                cache.Set(keys[i], value, 1);
            }
        }

        var times = caches.Select(static _ => new List<double>()).ToArray();
        var shares = caches.Select(static _ => new List<double>()).ToArray();
        int[] next = [.. caches.Select(static _ => Entries)];
        for (int round = 0; round < Rounds + 2; round++)
        {
            for (int i = 0; i < caches.Length; i++)
            {
                (long ticks, int stored) = SetMany(caches[i], keys, value, ref next[i]);
                times[i].Add(ticks * 1e9 / Stopwatch.Frequency / Math.Max(1, stored));
                shares[i].Add(stored / (double)SetsPerRound);
            }
        }

        Child.Answer([.. caches.SelectMany(
            (_, i) => new[] { Statistics.Median(times[i].Skip(2)), Statistics.Median(shares[i].Skip(2)) })]);
        Array.ForEach(caches, static cache => cache.Dispose());
    }

    /// <summary>Only the sets are timed, in batches; whether they are there is looked at in between.</summary>
    private static (long Ticks, int Stored) SetMany(ICachePeer cache, string[] keys, object value, ref int next)
    {
        (long ticks, int stored) = (0, 0);
        for (int done = 0; done < SetsPerRound; done += Batch)
        {
            int first = next;
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < Batch; i++)
            {
                cache.Set(keys[(first + i) % keys.Length], value, 1);
            }

            ticks += Stopwatch.GetTimestamp() - started;
            for (int i = 0; i < Batch; i++)
            {
                stored += cache.TryGet(keys[(first + i) % keys.Length], out _) ? 1 : 0;
            }

            next = (first + Batch) % keys.Length;
        }

        return (ticks, stored);
    }

    private static void MeasureAllocations()
    {
        using BoundedMemoryCache bounded = Caches.Bounded();
        using MemoryCache microsoft = Caches.Microsoft();
        object value = new();
        string[] keys = [.. Enumerable.Range(0, 1000).Select(EntryKey.Create)];

        // Through the interface the extension method is called; on the class an overload of its own, if there is one.
        IMemoryCache boundedInterface = bounded;
        IMemoryCache microsoftInterface = microsoft;
        Child.Answer(
            BytesPerCall(keys, key => boundedInterface.Set(key, value)),
            BytesPerCall(keys, key => microsoftInterface.Set(key, value)),
            BytesPerCall(keys, key => bounded.Set(key, value)));
    }

    private static double BytesPerCall(string[] keys, Action<string> set)
    {
        // All there first, and all code compiled: what remains is what every call allocates.
        for (int i = 0; i < 200; i++)
        {
            Array.ForEach(keys, set);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (string key in keys)
        {
            set(key);
        }

        return Math.Round((GC.GetAllocatedBytesForCurrentThread() - before) / (double)keys.Length, 1);
    }
}
