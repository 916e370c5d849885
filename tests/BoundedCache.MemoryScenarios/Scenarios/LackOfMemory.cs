using System.Runtime.CompilerServices;
using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>
/// An engine in a heap of 64 MiB (by DOTNET_GCHeapHardLimit) that is full up to the last bytes while entries come and
/// leave. What could not be done must have changed nothing, and what was done must be told.
/// </summary>
internal sealed class LackOfMemory : Scenario
{
    /// <summary>What the heap must be given.</summary>
    public const long HeapBytes = 64L << 20;

    private const int Rounds = 20;

    /// <summary>
    /// Rounds with memory: the runtime makes types and their statics when they are first used, and a type whose statics
    /// there was no memory for is lost.
    /// </summary>
    private const int WarmUps = 4;

    private const int Acts = 60;
    private const int Most = 5000;
    private const long Never = long.MaxValue;

    private static readonly string[] s_keys = [.. Enumerable.Range(0, 2 * Most).Select(static i => $"key {i}")];

    private readonly object?[] _ballast = new object?[1 << 20];
    private int _held;

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        var figures = new Dictionary<string, double> { ["failed"] = 0, ["untold"] = 0, ["unfreed"] = 0 };
        for (int seed = 1 - WarmUps; seed <= Rounds; seed++)
        {
            int told = 0;
            int stored = 0;
            var engine = new CacheEngine(
                Most,
                TimeProvider.System,
                removed => told += removed.Count,
                policy: seed % 2 == 0 ? EvictionPolicy.ScanResistant : EvictionPolicy.LeastRecentlyUsed);
            var random = new Random(seed);
            EntryDetails[] details = [.. s_keys.Select(Details)];
            for (int i = 0; i < Most; i++)
            {
                stored += Set(engine, i, details[i], Never) ? 1 : 0;
            }

            if (random.Next(2) == 0)
            {
                // A table that is too large: what is removed from now on moves entries.
                engine.Evict(Most / 2);
            }

            int failed = 0;
            if (seed > 0)
            {
                Fill(down: 16 << random.Next(11));
            }

            try
            {
                int turn = Most;
                for (int i = 0; i < Acts; i++)
                {
                    try
                    {
                        Act(engine, random, details, ref turn, ref stored);
                    }
                    catch (OutOfMemoryException)
                    {
                        failed++;
                    }
                }
            }
            finally
            {
                Array.Clear(_ballast, 0, _held);
                _held = 0;
            }

            Enumerations(engine).Clear();
            figures["failed"] += failed;
            figures["untold"] += Math.Abs(stored - told - engine.Count);
            figures["unfreed"] += engine.Allocator.InUse - engine.Count;
            if (figures["unfreed"] == 0)
            {
                // Else it would never end.
                engine.Trim();
                InvariantChecker.Check(engine);
            }
        }

        return new ScenarioResult { Figures = figures };
    }

    private static void Act(
        CacheEngine engine, Random random, EntryDetails[] details, ref int turn, ref int stored)
    {
        switch (random.Next(10))
        {
            case 0:
                engine.Evict(random.Next(300));
                break;
            case 1:
                engine.RemoveExpired(static _ => { });
                break;
            case 2:
                engine.SetMaxBytes(Math.Max(1, engine.UsedBytes - random.Next(300)));
                try
                {
                    engine.EvictDownToLimit();
                }
                finally
                {
                    engine.SetMaxBytes(Most);
                }

                break;
            case 3:
                int removed = 0;
                engine.RemoveWhere(key => ((string)key)[^1] == '7', ref removed);
                break;
            case 4:
                for (int i = 0; i < 100; i++)
                {
                    engine.Remove(new StringLookup(s_keys[random.Next(s_keys.Length)]));
                }

                break;
            case 5:
                if (Enumerations(engine).Count == 0)
                {
                    Enumerations(engine).Add(new InsertedSlots(engine.Allocator.Numbers));
                }
                else
                {
                    Enumerations(engine).Clear();
                }

                break;
            default:
                for (int i = 0; i < 100 && turn < details.Length; i++, turn++)
                {
                    long deadline = random.Next(2) == 0 ? Never : 1;
                    stored += Set(engine, turn, details[turn], deadline) ? 1 : 0;
                }

                break;
        }
    }

    /// <summary>The enumerations that are under way: while there are some, insertions are noted for them.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_enumerations")]
    private static extern ref List<InsertedSlots> Enumerations(CacheEngine engine);

    private static bool Set(CacheEngine engine, int i, EntryDetails details, long deadline)
    {
        details.AbsoluteExpirationTicks = deadline;
        var entry = new NewEntry
        {
            Key = s_keys[i],
            Value = null,
            Details = details,
            Priority = CacheItemPriority.Normal,
            Charge = 1,
            Deadline = deadline,
        };
        return engine.Set(new StringLookup(s_keys[i]), in entry, out _);
    }

    private static EntryDetails Details(string key) => new()
    {
        Value = key,
        Callbacks = [],
        Tokens = [],
        AbsoluteExpirationTicks = Never,
        SlidingTicks = 0,
        LastAccessTicks = 0,
    };

    /// <summary>Fills the heap until no array of so many bytes finds room.</summary>
    private void Fill(int down)
    {
        for (int bytes = 1 << 20; bytes >= down; bytes /= 4)
        {
            try
            {
                while (_held < _ballast.Length)
                {
                    _ballast[_held] = new byte[bytes];
                    _held++;
                }
            }
            catch (OutOfMemoryException)
            {
                // On to smaller ones.
            }
        }
    }
}
