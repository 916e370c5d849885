using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests;

/// <summary>What the cache logs, once for each event.</summary>
public sealed class LogTests
{
    [Fact]
    public void Each_event_is_logged_under_its_name()
    {
        using var log = new RecordingLog();
        using var test = new CacheUnderTest(static options => options.AddSizer<byte[]>(static _ => -1), log);
        test.Set("callback", 1, static entry => entry.RegisterPostEvictionCallback(static (_, _, _, _) => throw new InvalidTimeZoneException()));
        test.Set("sizer", new byte[1]);
        test.Set("token", 1, static entry => entry.AddExpirationToken(new ThrowingToken()));
        test.Cache.Remove("callback");
        test.Time.Advance(TimeSpan.FromHours(1));
        test.TakeDepartures();
        test.Cache.MaxMemory = 2_000_000;
        test.Cache.MaxMemory = 1;

        Assert.Equal(["CallbackFailed", "Raised", "Shrunk", "SizerFailed", "TokenFailed"], log.Events.Order(StringComparer.Ordinal));
        Assert.All(log.Messages, static message => Assert.Contains("test", message, StringComparison.Ordinal));
    }

    private sealed class ThrowingToken : IChangeToken
    {
        private bool _isAsked;

        // The first to ask is the writer, who must get an answer for the entry to be stored.
        public bool HasChanged => _isAsked ? throw new InvalidTimeZoneException() : !(_isAsked = true);

        public bool ActiveChangeCallbacks => false;

        public IDisposable RegisterChangeCallback(Action<object?> callback, object? state) => throw new NotSupportedException();
    }
}
