using System.Runtime.CompilerServices;
using BoundedCache.Tests.Sizing;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

/// <summary>
/// A builder that is disposed keeps neither the builders around it nor those within it: the promise of
/// <c>DisposingCacheEntryReleasesScope</c>, a test of .NET's own cache, and more.
/// </summary>
[Collection(HeapTests.Name)]
public sealed class LinkedLeakTests : IDisposable
{
    private readonly CacheUnderTest _test = new(static options => options.TrackLinkedCacheEntries = true);

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task One_key_that_is_built_in_one_flow_and_disposed_in_another_again_and_again()
    {
        List<WeakReference> values = [];
        for (int i = 0; i < 50; i++)
        {
            values.Add(await FillAsync(_test.Cache.CreateEntry("key")));
        }

        Assert.True(Eventually.Dead([.. values.Take(49)]));
        Assert.True(values[49].IsAlive);
        Assert.NotNull(_test.Cache.Get("key"));
    }

    [Fact]
    public void Nested_builders_of_which_the_inner_one_is_kept()
    {
        (ICacheEntry inner, WeakReference outer) = BuildNested();
        _test.Cache.Remove("outer");

        Assert.True(Eventually.Dead(outer));
        Assert.Equal("value", inner.Value);
    }

    [Fact]
    public void A_timer_that_was_started_within_a_builder()
    {
        (Timer timer, WeakReference value) = BuildAround(
            static () => new Timer(static _ => { }, null, Timeout.Infinite, Timeout.Infinite));
        using (timer)
        {
            _test.Cache.Remove("key");
            Assert.True(Eventually.Dead(value));
        }
    }

    [Fact]
    public async Task A_task_that_was_started_within_a_builder_and_goes_on()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (Task<bool> task, WeakReference value) = BuildAround(() => Task.Run(async () =>
        {
            await gate.Task;
            _test.Cache.Set("late", 1, TimeSpan.FromMinutes(1));
            return ExecutionContext.Capture() is not null;
        }));
        _test.Cache.Remove("key");
        Assert.True(Eventually.Dead(value));
        gate.SetResult();
        await task;
        Assert.True(_test.Has("late"));
    }

    [Fact]
    public void A_context_that_was_captured_within_two_builders()
    {
        (ExecutionContext context, WeakReference[] values) = CaptureNested();
        _test.Cache.Clear();

        Assert.True(Eventually.Dead(values));
        ExecutionContext.Run(context, _ => _test.Cache.Set("late", 1, TimeSpan.FromMinutes(1)), null);
        Assert.True(_test.Has("late"));
    }

    [Fact]
    public void A_builder_that_is_never_disposed_within_one_that_is()
    {
        (ICacheEntry abandoned, WeakReference outer) = BuildAbandoned();
        _test.Cache.Remove("outer");

        Assert.True(Eventually.Dead(outer));
        abandoned.Value = 1;
        abandoned.Dispose();
        Assert.True(_test.Has("abandoned"));
    }

    [Fact]
    public void Builders_that_are_disposed_in_the_wrong_order()
    {
        WeakReference[] values = BuildInWrongOrder();
        _test.Cache.Clear();
        Assert.True(Eventually.Dead(values));

        // And none of them is the current one.
        _test.Cache.GetOrCreate("outer", _ => _test.Cache.Set("inner", 1, TimeSpan.FromMinutes(1)));
        _test.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(_test.Has("outer"));
    }

    private static async Task<WeakReference> FillAsync(ICacheEntry entry)
    {
        using (entry)
        {
            await Task.Yield();
            return SetValue(entry);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference SetValue(ICacheEntry entry)
    {
        object value = new byte[1000];
        entry.Value = value;
        return new WeakReference(value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (ICacheEntry Inner, WeakReference Outer) BuildNested()
    {
        using ICacheEntry outer = _test.Cache.CreateEntry("outer");
        WeakReference value = SetValue(outer);
        ICacheEntry inner = _test.Cache.CreateEntry("inner");
        inner.SetValue("value").Dispose();
        return (inner, value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (T Kept, WeakReference Value) BuildAround<T>(Func<T> start)
    {
        using ICacheEntry entry = _test.Cache.CreateEntry("key");
        return (start(), SetValue(entry));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (ExecutionContext Context, WeakReference[] Values) CaptureNested()
    {
        using ICacheEntry outer = _test.Cache.CreateEntry("outer");
        using ICacheEntry inner = _test.Cache.CreateEntry("inner");
        return (ExecutionContext.Capture()!, [SetValue(outer), SetValue(inner), new(outer), new(inner)]);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (ICacheEntry Abandoned, WeakReference Outer) BuildAbandoned()
    {
        using ICacheEntry outer = _test.Cache.CreateEntry("outer");
        return (_test.Cache.CreateEntry("abandoned"), SetValue(outer));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference[] BuildInWrongOrder()
    {
        ICacheEntry[] entries = [.. Enumerable.Range(0, 4).Select(i => _test.Cache.CreateEntry(i))];
        WeakReference[] values = [.. entries.Select(SetValue)];
        foreach (int i in (int[])[0, 2, 1, 3])
        {
            entries[i].Dispose();
        }

        return values;
    }
}
