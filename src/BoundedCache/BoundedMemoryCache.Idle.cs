using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Release;
using Microsoft.Extensions.Logging;

namespace BoundedCache;

/// <summary>The cache's part in idle releases.</summary>
public sealed partial class BoundedMemoryCache
{
    private IdleReleaser.Member? JoinIdleReleaser(BoundedMemoryCacheOptions options, FailureLog failures)
    {
        if (options.IdleReleaseInterval is not TimeSpan interval)
        {
            return null;
        }

        // Refers to the cache's parts, not to the cache: it may be dropped without being disposed.
        (CacheEngine engine, ILogger logger, string name, bool isInBytes) =
            (_engine, _logger, Name, _sizing == EntrySizing.Measured);
        var member = new IdleReleaser.Member
        {
            Interval = interval,
            MinimumBytes = options.IdleReleaseMinimumBytes,
            UsedBytes = () => isInBytes ? engine.UsedBytes : 0,
            OnReleased = result => Log.IdleReleased(
                logger,
                name,
                result.Reason,
                result.Duration.TotalMilliseconds,
                result.GCPause.TotalMilliseconds,
                result.LongestPause.TotalMilliseconds),
            OnFailed = failures.OnIdleReleaseFailed,
        };
        IdleReleaser.Shared(_time).Join(member);
        return member;
    }

    private void LeaveIdleReleaser()
    {
        if (_idle is not null)
        {
            IdleReleaser.Shared(_time).Leave(_idle);
        }
    }
}
