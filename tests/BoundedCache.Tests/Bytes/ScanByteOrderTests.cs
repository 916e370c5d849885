using BoundedCache.Bytes;
using BoundedCache.Engine;
using BoundedCache.Tests.Concurrency;

namespace BoundedCache.Tests.Bytes;

/// <summary>The marks of the byte cache's scan-resistant order.</summary>
[Collection(StressTests.Name)]
public sealed unsafe class ScanByteOrderTests
{
    [Fact]
    public void A_mark_never_passes_the_highest_however_many_threads_raise_it()
    {
        const int Entry = 1;
        var source = new FakePages();
        var space = new AddressSpace(source);
        var account = new PageAccount(source.PageSize);
        account.SetLimit(long.MaxValue);
        var nodes = new NativeTable(space, account, ScanByteOrder.NodeSize);
        var slots = new NativeTable(space, account, ByteSlot.Size);
        Assert.True(nodes.TryGrow(Entry + 1) && slots.TryGrow(Entry + 1));
        var order = new ScanByteOrder(nodes, slots) { End = Entry + 1 };
        order.Add(Entry, charge: 100, returned: false);

        // Behind the node and the time. It is lowered right before it is raised, so that the threads meet.
        byte* mark = nodes.At(Entry) + sizeof(OrderNode) + sizeof(uint);
        order.Mark(Entry);
        Assert.Equal(1, *mark);
        new Crowd()
            .Add("reader", _ => MarkOften(static () => { }))
            .Add("lowering reader", _ => MarkOften(() => *mark = Slot.MaxMark - 1))
            .Run(TimeSpan.FromSeconds(1));
        Assert.Null(order.FindFault([]));
        GC.KeepAlive(space);

        void MarkOften(Action before)
        {
            for (int i = 0; i < 1000; i++)
            {
                before();
                order.Mark(Entry);
                if (*mark > Slot.MaxMark)
                {
                    Assert.Fail($"the mark is {*mark}");
                }
            }
        }
    }
}
