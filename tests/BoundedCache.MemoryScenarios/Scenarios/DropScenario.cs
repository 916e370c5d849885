using System.Runtime.CompilerServices;
using BoundedCache.Engine;
using BoundedCache.Release;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Fills a table with 300 MB of values, drops nine tenths of them, and releases.</summary>
internal abstract class DropScenario : Scenario
{
    protected const long TotalBytes = 300L * 1000 * 1000;

    private readonly Random _random = new(20260101);

    /// <summary>How many values the table holds at first.</summary>
    protected abstract int Count { get; }

    /// <summary>Bytes of one value, headers included.</summary>
    protected abstract long ValueBytes { get; }

    /// <summary>Makes one value, all its pages written.</summary>
    protected abstract object Make();

    /// <summary>
    /// Whether a value stays; by default the youngest tenth does, as in a cache that evicts in age order.
    /// </summary>
    protected virtual bool Survives(int index) => index >= Count - (Count / 10);

    /// <summary>How memory is released.</summary>
    protected virtual ReleaseMode Mode => ReleaseMode.Full;

    /// <summary>Looks at the survivors before the release.</summary>
    protected virtual void Prepare(IEnumerable<object> survivors)
    {
    }

    /// <summary>Evens chance of one in ten, the same in every run.</summary>
    protected bool OneInTen() => _random.Next(10) == 0;

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        object?[] table = Fill();
        ProcessMemorySnapshot baseline = ProcessMemorySnapshot.Take();
        var sample = new EvictedSample();
        int dropped = Drop(table, sample);
        Prepare(table.OfType<object>());
        ReleaseResult release = MemoryReleaser.Shared.ReleaseAsync(
            new ReleaseRequest
            {
                ExpectedBytes = dropped * ValueBytes,
                Baseline = baseline,
                Evicted = sample,
                Mode = Mode,
            },
            CancellationToken.None).GetAwaiter().GetResult();
        long live = ((Count - dropped) * ValueBytes) + ((long)Count * IntPtr.Size);
        GC.KeepAlive(table);
        return ScenarioResult.From(empty, live, release);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private object?[] Fill()
    {
        var table = new object?[Count];
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = Make();
        }

        return table;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Drop(object?[] table, EvictedSample sample)
    {
        int dropped = 0;
        for (int i = 0; i < table.Length; i++)
        {
            if (!Survives(i))
            {
                if (sample.WantsNext())
                {
                    sample.Add(table[i]!, ValueBytes);
                }

                table[i] = null;
                dropped++;
            }
        }

        return dropped;
    }
}
