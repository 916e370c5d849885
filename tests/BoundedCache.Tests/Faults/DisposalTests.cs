using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Faults;

/// <summary>A cache that is disposed while other operations run.</summary>
public class DisposalTests : FaultTest
{
    [Fact]
    public void A_cache_disposed_in_the_middle_of_everything_keeps_nothing_and_throws_only_that_it_is_disposed()
    {
        for (int round = 0; round < 40; round++)
        {
            BoundedMemoryCache cache = MakeCache(Loggers);
            Token[] tokens = [new(), new()];
            using var start = new Barrier(5);
            Task[] crowd = [.. Enumerable.Range(0, 4).Select(who => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    UntilDisposed(cache, who, tokens);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default))];
            start.SignalAndWait();
            Thread.SpinWait(1000 * round);
            cache.Dispose();
            cache.Dispose();
            Await(Task.WhenAll(crowd));
            Assert.Equal(0, cache.UsedMemory);
            Assert.Equal(0, cache.Count);
            Assert.All(tokens, static token => Assert.Equal(0, token.Subscribed));
            InvariantChecker.Check(cache.Engine);
        }

        Assert.Equal(0, Time.ActiveTimers);
    }

    private static void UntilDisposed(BoundedMemoryCache cache, int who, Token[] tokens)
    {
        try
        {
            for (int i = 0; ; i++)
            {
                switch (who)
                {
                    case 0:
                        cache.TryGetValue(i % 100, out _);
                        break;
                    case 1:
                        cache.MaxMemory = 1 + (i % 1000);
                        break;
                    case 2:
                        cache.Remove(i % 100);
                        cache.Compact(0.1);
                        break;
                    default:
                        using (ICacheEntry entry = cache.CreateEntry(i % 100))
                        {
                            entry.Value = i;
                            entry.Size = 10;
                            entry.AddExpirationToken(tokens[i % 2]);
                            entry.SlidingExpiration = TimeSpan.FromSeconds(1);
                        }

                        break;
                }
            }
        }
        catch (ObjectDisposedException)
        {
        }
    }
}
