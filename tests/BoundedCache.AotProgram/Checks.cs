using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.AotProgram;

/// <summary>
/// Checks that say what they found; no test framework runs in a program that was compiled ahead of time.
/// </summary>
internal sealed class Checks(BoundedMemoryCache cache)
{
    private const int Entries = 20_000;

    public int Failures { get; private set; }

    public void Holds(string what, bool holds, string otherwise)
    {
        Failures += holds ? 0 : 1;
        Console.WriteLine(holds ? $"ok      {what}" : $"FAILED  {what}: {otherwise}");
    }

    /// <summary>
    /// What the cache says it uses for many such values is what the collector finds alive, within 2 %.
    /// </summary>
    public void IsExact(string what, Func<int, object> make)
    {
        Fill(make, 10);
        long before = LiveBytes();
        Fill(make, Entries);
        long alive = LiveBytes() - before;
        double off = ((double)cache.UsedMemory / alive) - 1;
        Holds($"{what}: {cache.UsedMemory:N0} bytes accounted, {alive:N0} alive", Math.Abs(off) <= 0.02, $"{off:P2}");
        cache.Clear();
    }

    // An object with a finalizer lives until a second collection.
    private static long LiveBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>What the cache charges for one entry.</summary>
    public long ChargeOf(object value, long? size)
    {
        cache.Clear();
        using (ICacheEntry entry = cache.CreateEntry("one"))
        {
            entry.Value = value;
            entry.Size = size;
        }

        long charge = cache.UsedMemory;
        cache.Clear();
        return charge;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Fill(Func<int, object> make, int entries)
    {
        cache.Clear();
        for (int i = 0; i < entries; i++)
        {
            using ICacheEntry entry = cache.CreateEntry($"key {i:D8}");
            entry.Value = make(i);
        }
    }
}
