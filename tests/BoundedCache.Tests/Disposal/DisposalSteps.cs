using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Disposal;

/// <summary>Caches that dispose values, by the option or by entries' marks.</summary>
internal static class DisposalSteps
{
    /// <summary>How long callbacks may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static CacheUnderTest Make(bool byOption) => new(options => options.DisposeValues = byOption);

    public static void Store(
        CacheUnderTest test, string key, object value, bool byOption, DateTimeOffset? expiration = null)
    {
        if (byOption)
        {
            test.Cache.Set(key, value, expiration ?? DateTimeOffset.MaxValue);
            return;
        }

        using ICacheEntry entry = test.Cache.CreateEntry(key);
        entry.AbsoluteExpiration = expiration;
        entry.DisposeValueOnRemoval().Value = value;
    }
}
