using System.Collections.Concurrent;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>Values that refer to structures of the runtime which also lead to everybody else's data.</summary>
[Collection(HeapTests.Name)]
public sealed class SharedStructureTests
{
    private static readonly byte[] s_others = new byte[10_000_000];

    private readonly ObjectMeasurer _measurer = new();

    [Fact]
    public void Equal_bags_are_charged_alike_and_with_their_own_objects()
    {
        ConcurrentBag<byte[]> Make() => [.. Enumerable.Range(0, 80).Select(static _ => new byte[1000])];
        ConcurrentBag<byte[]>[] bags = [.. Enumerable.Range(0, 50).Select(_ => Make())];
        (_, long bytes) = Truth.Retained(Make, copies: 100);

        Assert.All(bags, bag => Truth.AssertWithin(0.05, bytes, _measurer.Measure(bag)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_bag_counts_what_other_threads_put_into_it(bool haveEnded)
    {
        ConcurrentBag<byte[]>[] bags = [.. Enumerable.Range(0, 20).Select(static _ => new ConcurrentBag<byte[]>())];
        using var goOn = new ManualResetEventSlim(haveEnded);
        using var filled = new CountdownEvent(2);
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            foreach (ConcurrentBag<byte[]> bag in bags)
            {
                bag.Add(new byte[50_000]);
            }

            filled.Signal();
            goOn.Wait();
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        filled.Wait();
        if (haveEnded)
        {
            Array.ForEach(threads, static thread => thread.Join());
        }

        Assert.All(bags, bag => Assert.InRange(_measurer.Measure(bag), 100_000, 105_000));
        goOn.Set();
        Array.ForEach(threads, static thread => thread.Join());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_thread_local_counts_its_own_values(bool trackAllValues, bool isInside)
    {
        ThreadLocal<byte[]>[] locals =
            [.. Enumerable.Range(0, 20).Select(_ => new ThreadLocal<byte[]>(trackAllValues))];
        foreach (ThreadLocal<byte[]> local in locals)
        {
            local.Value = new byte[50_000];
        }

        Assert.All(locals, local => Assert.InRange(
            _measurer.Measure(isInside ? new object[] { local } : local), 50_000, 51_000));
        Array.ForEach(locals, static local => local.Dispose());
    }

    [Fact]
    public void A_thread_local_that_tracks_all_values_counts_those_of_threads_that_ended()
    {
        using var local = new ThreadLocal<byte[]>(trackAllValues: true);
        var thread = new Thread(() => local.Value = new byte[50_000]);
        thread.Start();
        thread.Join();
        Assert.InRange(_measurer.Measure(local), 50_000, 51_000);
    }

    [Fact]
    public void What_waits_times_or_is_called_back_does_not_lead_to_others()
    {
        using var source = new CancellationTokenSource();
        using CancellationTokenRegistration others = source.Token.Register(static _ => { }, s_others);
        using CancellationTokenRegistration registration = source.Token.Register(static _ => { }, new object());
        using var timer = new Timer(static _ => { }, s_others, Timeout.Infinite, Timeout.Infinite);
        using var ticker = new PeriodicTimer(TimeSpan.FromDays(1));
        using var waitFor = new ManualResetEvent(false);
        RegisteredWaitHandle otherWait = ThreadPool.RegisterWaitForSingleObject(
            waitFor, static (_, _) => { }, s_others, -1, executeOnlyOnce: true);
        RegisteredWaitHandle wait = ThreadPool.RegisterWaitForSingleObject(
            waitFor, static (_, _) => { }, new object(), -1, executeOnlyOnce: true);
        var flow = new AsyncLocal<byte[]> { Value = s_others };
        object[] values =
        [
            registration,
            timer,
            ticker,
            wait,
            flow,
            ExecutionContext.Capture()!,
            source,
            CancellationTokenSource.CreateLinkedTokenSource(source.Token).Token,
            Task.Delay(TimeSpan.FromDays(1), source.Token),
            new SemaphoreSlim(1).WaitAsync(source.Token),
            Thread.CurrentThread,
        ];

        Assert.All(values, value => Assert.InRange(_measurer.Measure(new object[] { value, value }), 1, 2_000));
        otherWait.Unregister(null);
        wait.Unregister(null);
        source.Cancel();
    }
}
