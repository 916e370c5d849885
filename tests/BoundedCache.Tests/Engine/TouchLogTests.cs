using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>What happens to touches while uses overlap, and after they no longer overlap.</summary>
public sealed class TouchLogTests
{
    private const int Entries = 32;

    private readonly AccessOrder _order;
    // Other tests may have started more threads than there usually are buffers.
    private readonly TouchLog _touches = new(maxBuffers: 1 << 20);

    public TouchLogTests()
    {
        var store = new SlotStore();
        store.EnsureChunk(0, Entries + 1);
        _order = new AccessOrder(store);
        for (int index = 1; index <= Entries; index++)
        {
            store.Node(index).Occupy(1, CacheItemPriority.Normal);
            _order.AddToHead(index);
        }
    }

    [Fact]
    public void A_writer_applies_its_own_uses_at_once_though_others_overlap()
    {
        using var turns = new TurnTakers(2);
        Overlap(turns);

        turns.Run(0, () => Use(3));
        turns.Run(0, () => _touches.ApplyDueTo(_order));

        Assert.Equal(3, Head);
    }

    [Fact]
    public void After_an_overlap_the_order_is_exact_again_when_so_many_writes_are_done()
    {
        using var turns = new TurnTakers(2);
        Overlap(turns);
        for (int write = 0; write < TouchLog.ApplyAllEvery; write++)
        {
            turns.Run(0, () => _touches.ApplyDueTo(_order));
        }

        for (int index = Entries; index > 0; index--)
        {
            int used = index;
            turns.Run(index % 2, () => Use(used));
        }

        turns.Run(0, () => _touches.ApplyDueTo(_order));

        Assert.Equal(1, Head);
        Assert.Equal(Entries, _order.Tail(CacheItemPriority.Normal));
    }

    [Fact]
    public void A_writer_that_never_read_has_nothing_of_its_own_to_apply()
    {
        using var turns = new TurnTakers(3);
        Overlap(turns);

        turns.Run(2, () => _touches.ApplyDueTo(_order));
        Assert.Equal(Entries, Head);

        for (int write = 1; write < TouchLog.ApplyAllEvery; write++)
        {
            turns.Run(2, () => _touches.ApplyDueTo(_order));
        }

        Assert.False(_touches.HasPending);
        Assert.NotEqual(Entries, Head);
    }

    private int Head => _order.Head(CacheItemPriority.Normal);

    /// <summary>Two uses: the second begins before the first and ends after it.</summary>
    private void Overlap(TurnTakers turns)
    {
        long begin = 0;
        turns.Run(1, () => begin = _touches.Begin);
        turns.Run(0, () => Use(1));
        turns.Run(1, () => _touches.Add(2, begin));
    }

    private void Use(int index) => _touches.Add(index, _touches.Begin);
}
