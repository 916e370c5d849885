using System.Runtime.CompilerServices;
using BoundedCache.Process;
using BoundedCache.Tests.Sizing;

namespace BoundedCache.Tests.Process;

[Collection(HeapTests.Name)]
public sealed class WeakListTests
{
    private readonly WeakList<object> _list = new();

    [Fact]
    public void Living_items_are_listed_in_the_order_in_which_they_were_added()
    {
        object[] items = Add(40);

        Assert.Equal(items, _list.ToList());
        Assert.Equal(items, Enumerate());
    }

    [Fact]
    public void An_item_that_was_removed_is_gone_as_often_as_it_was_added()
    {
        object[] items = Add(3);
        _list.Add(items[1]);
        _list.Remove(items[1]);

        Assert.Equal([items[0], items[2]], Enumerate());
    }

    [Fact]
    public void Items_are_compared_by_reference()
    {
        string one = new('a', 3);
        string equal = new('a', 3);
        var list = new WeakList<string>();
        list.Add(one);
        list.Add(equal);
        list.Remove(one);

        Assert.Same(equal, Assert.Single(list.ToList()));
    }

    [Fact]
    public void Removing_an_item_that_is_not_there_changes_nothing()
    {
        object[] items = Add(2);
        _list.Remove(new object());

        Assert.Equal(items, Enumerate());
    }

    [Fact]
    public void The_list_keeps_nothing_alive_and_skips_what_was_collected()
    {
        object first = new();
        object last = new();
        _list.Add(first);
        WeakReference[] references = Forget(10);
        _list.Add(last);

        Assert.True(Eventually.Dead(references));
        Assert.Equal(12, _list.Count);
        Assert.Equal([first, last], Enumerate());
        Assert.Equal([first, last], _list.ToList());
        Assert.Equal(2, _list.Count);
        GC.KeepAlive(first);
        GC.KeepAlive(last);
    }

    [Fact]
    public void Removing_drops_what_was_collected()
    {
        object item = new();
        WeakReference[] references = Forget(3);
        Assert.True(Eventually.Dead(references));
        _list.Add(item);
        _list.Remove(item);

        Assert.Equal(0, _list.Count);
    }

    [Fact]
    public void Adding_alone_keeps_the_list_in_proportion_to_the_living_items()
    {
        object[] living = Add(20);
        for (int i = 0; i < 20; i++)
        {
            Assert.True(Eventually.Dead(Forget(30)));
        }

        Assert.InRange(_list.Count, 20, 80);
        Assert.Equal(living, Enumerate());
    }

    [Fact]
    public void Enumerating_allocates_nothing()
    {
        object[] items = Add(10);
        Enumerate(_list);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int seen = Enumerate(_list);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(10, seen);
        GC.KeepAlive(items);
    }

    private static int Enumerate(WeakList<object> list)
    {
        int seen = 0;
        foreach (object item in list)
        {
            seen += item is null ? 0 : 1;
        }

        return seen;
    }

    private List<object> Enumerate()
    {
        List<object> items = [];
        foreach (object item in _list)
        {
            items.Add(item);
        }

        return items;
    }

    private object[] Add(int count)
    {
        object[] items = [.. Enumerable.Range(0, count).Select(static _ => new object())];
        Array.ForEach(items, _list.Add);
        return items;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference[] Forget(int count) =>
        [.. Add(count).Select(static item => new WeakReference(item))];
}
