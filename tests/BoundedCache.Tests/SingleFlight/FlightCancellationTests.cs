using BoundedCache.Engine;
using BoundedCache.Entries;

namespace BoundedCache.Tests.SingleFlight;

/// <summary>A caller's token ends its own wait; the factory's token is for when nobody waits.</summary>
public sealed class FlightCancellationTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationToken _token;

    [Fact]
    public async Task One_who_gives_up_leaves_the_others_waiting()
    {
        using var test = new CacheUnderTest();
        using var cancel = new CancellationTokenSource();
        Task<int> first = test.Cache.GetOrCreateAsync("key", MakeAsync, cancel.Token).AsTask();
        Task<int> second = test.Cache.GetOrCreateAsync("key", MakeAsync).AsTask();
        cancel.Cancel();

        OperationCanceledException cancelled =
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(s_patience));
        Assert.Equal(cancel.Token, cancelled.CancellationToken);
        Assert.False(_token.IsCancellationRequested);
        _gate.SetResult();
        Assert.Equal(1, await second);
        Assert.Equal(1, test.Cache.GetOrCreate("key", static _ => 2));
    }

    [Fact]
    public async Task The_last_to_give_up_cancels_the_factory()
    {
        using var test = new CacheUnderTest();
        using var cancel = new CancellationTokenSource();
        Task<int>[] waits = [.. Enumerable.Range(0, 3).Select(_ =>
            test.Cache.GetOrCreateAsync("key", MakeAsync, cancel.Token).AsTask())];
        cancel.Cancel();
        foreach (Task<int> wait in waits)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.WaitAsync(s_patience));
        }

        Assert.True(_token.IsCancellationRequested);

        // The factory obeys in its own time. The next one begins afterwards.
        int value = await test.Cache.GetOrCreateAsync("key", static (_, _) => Task.FromResult(2))
            .AsTask().WaitAsync(s_patience);
        Assert.Equal((2, 0), (value, test.Cache.Engine.Pending.Count));
    }

    [Fact]
    public async Task A_factory_that_does_not_obey_is_waited_for_and_its_result_is_used()
    {
        using var test = new CacheUnderTest();
        using var cancel = new CancellationTokenSource();
        Task<int> first = test.Cache.GetOrCreateAsync("key", StubbornAsync, cancel.Token).AsTask();
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        using var impatient = new CancellationTokenSource();
        Task<int> second = test.Cache.GetOrCreateAsync("key", static (_, _) => Task.FromResult(2)).AsTask();
        Task<int> third = test.Cache.GetOrCreateAsync("key", StubbornAsync, impatient.Token).AsTask();
        Task<int> blocked = Task.Run(() => test.Cache.GetOrCreate("key", static _ => 4));
        impatient.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third.WaitAsync(s_patience));
        Assert.False(second.IsCompleted);
        _gate.SetResult();

        Assert.Equal((1, 1), (await second.WaitAsync(s_patience), await blocked.WaitAsync(s_patience)));
        Assert.Equal(0, test.Cache.Engine.Pending.Count);

        async Task<int> StubbornAsync(object entry, CancellationToken cancellationToken)
        {
            await _gate.Task;
            return 1;
        }
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_starts_nothing_and_does_not_forbid_a_hit()
    {
        using var test = new CacheUnderTest();
        var cancelled = new CancellationToken(true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await test.Cache.GetOrCreateAsync("key", MakeAsync, cancelled));
        test.Cache.Set("key", 5);

        Assert.Equal(5, await test.Cache.GetOrCreateAsync("key", MakeAsync, cancelled));
        Assert.Equal(default, _token);
    }

    [Fact]
    public async Task A_callback_of_the_factorys_token_that_throws_hurts_nobody()
    {
        using var test = new CacheUnderTest();
        using var cancel = new CancellationTokenSource();
        Task<int> wait = test.Cache.GetOrCreateAsync("key", async (_, token) =>
        {
            token.Register(static () => throw new FormatException());
            await Task.Delay(Timeout.Infinite, token);
            return 1;
        }, cancel.Token).AsTask();
        cancel.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.WaitAsync(s_patience));
        Assert.Equal(2, await test.Cache.GetOrCreateAsync("key", static _ => Task.FromResult(2)).WaitAsync(s_patience));
    }

    /// <summary>The factory asks for its token after the cache was disposed, and could not be told then.</summary>
    [Fact]
    public void A_token_that_is_asked_for_after_the_flight_was_aborted_is_cancelled()
    {
        var flight = new Flight("key", 0, new PendingStores());
        flight.Abort(new ObjectDisposedException("cache"));

        Assert.True(flight.Token.IsCancellationRequested);
    }

    private async Task<int> MakeAsync(object entry, CancellationToken cancellationToken)
    {
        _token = cancellationToken;
        await _gate.Task.WaitAsync(cancellationToken);
        return 1;
    }
}
