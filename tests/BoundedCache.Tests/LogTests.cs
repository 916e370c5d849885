using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests;

/// <summary>What the cache logs, once for each event.</summary>
public sealed class LogTests
{
    [Fact]
    public async Task Each_event_is_logged_under_its_name()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(static options => options.AddSizer<byte[]>(static _ => -1), log);
        test.Set("callback", 1, static entry =>
            entry.RegisterPostEvictionCallback(static (_, _, _, _) => throw new InvalidTimeZoneException()));
        test.Set("sizer", new byte[1]);
        test.Set("token", 1, static entry => entry.AddExpirationToken(new ThrowingToken()));
        test.Cache.Remove("callback");
        test.Time.Advance(TimeSpan.FromHours(1));
        test.TakeDepartures();
        test.Cache.MaxMemory = 2_000_000;
        test.Cache.MaxMemory = 1;
        await test.Cache.ReleaseAsync(ReleaseMode.None);

        Assert.Equal(
            ["CallbackFailed", "Raised", "Released", "Shrunk", "SizerFailed", "TokenFailed"],
            log.Events.Order(StringComparer.Ordinal));
        Assert.All(log.Messages, static message => Assert.Contains("test", message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_type_that_can_only_be_estimated_is_named_once()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(log: log);
        for (int i = 0; i < 3; i++)
        {
            test.Set(i, new Bulk());
            test.Set(-i, new OtherBulk());
        }

        Assert.Equal(["SizeEstimated", "SizeEstimated"], log.Events);
        Assert.Single(
            log.Messages, static message => message.Contains(typeof(Bulk).ToString(), StringComparison.Ordinal));
        Assert.Equal(6, test.Cache.GetSnapshot().EstimatedSizes);
    }

    [Fact]
    public void A_release_and_a_shrink_say_what_was_before_and_after()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(log: log);
        test.Cache.MaxMemory = 1;

        Assert.Matches(
            "^test: limit .* -> 1 B; evicted .*; RSS .* -> .*, committed .* -> .*; NotRequested",
            Assert.Single(log.Messages));
    }

    /// <summary>More objects than are counted one by one.</summary>
    private class Bulk
    {
        public object[] Objects { get; } = [.. Enumerable.Range(0, 20_000).Select(static _ => new object())];
    }

    private sealed class OtherBulk : Bulk;

    private sealed class ThrowingToken : IChangeToken
    {
        private bool _isAsked;

        // The writer asks first, and must get an answer for the entry to be stored.
        public bool HasChanged => _isAsked ? throw new InvalidTimeZoneException() : !(_isAsked = true);

        public bool ActiveChangeCallbacks => false;

        public IDisposable RegisterChangeCallback(Action<object?> callback, object? state) =>
            throw new NotSupportedException();
    }
}
