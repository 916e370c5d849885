using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>
/// Limits the releases within one minute. Each release stops the process for a moment. Thread-safe.
/// </summary>
internal sealed class ReleaseRate(int perMinute, TimeProvider time)
{
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private readonly Queue<long> _taken = new();

    /// <summary>Takes one release from the allowance.</summary>
    /// <param name="wait">If none is left: the time until there is one.</param>
    public bool TryTake(out TimeSpan wait)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            while (_taken.TryPeek(out long oldest) && time.GetElapsedTime(oldest, now) >= s_window)
            {
                _taken.Dequeue();
            }

            wait = _taken.Count < perMinute ? TimeSpan.Zero : s_window - time.GetElapsedTime(_taken.Peek(), now);
            if (wait > TimeSpan.Zero)
            {
                return false;
            }

            _taken.Enqueue(now);
            return true;
        }
    }
}

/// <summary>The refusal of releases that come too often.</summary>
internal static class TooManyReleases
{
    /// <summary>Counts a release. Returns why it is refused; null if it is allowed.</summary>
    public static Problem? Refuse(HttpContext context, ReleaseRate rate)
    {
        if (rate.TryTake(out TimeSpan wait))
        {
            return null;
        }

        int seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problems.Create(
            StatusCodes.Status429TooManyRequests,
            $"Each release stops the process for a moment, and there have been as many within a minute as are allowed. "
                + $"Ask again in {seconds} s.",
            "Too many releases");
    }
}
