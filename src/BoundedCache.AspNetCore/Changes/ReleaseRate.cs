using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>
/// Limits the releases within one minute that stop the process for a moment: those of caches of objects, and memory
/// reports with a collection. Thread-safe.
/// </summary>
internal sealed class ReleaseRate(int perMinute, TimeProvider time)
{
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();

    /// <summary>When releases of the last minute were taken, oldest first.</summary>
    private readonly List<long> _taken = [];

    /// <summary>Takes one release from the allowance.</summary>
    /// <param name="taken">When it was taken.</param>
    /// <param name="wait">If none is left: the time until there is one.</param>
    public bool TryTake(out long taken, out TimeSpan wait)
    {
        lock (_lock)
        {
            long now = taken = time.GetTimestamp();
            _taken.RemoveAll(each => time.GetElapsedTime(each, now) >= s_window);
            wait = _taken.Count < perMinute ? TimeSpan.Zero : s_window - time.GetElapsedTime(_taken[0], now);
            if (wait > TimeSpan.Zero)
            {
                return false;
            }

            _taken.Add(now);
            return true;
        }
    }

    /// <summary>Gives back one that was taken: the process was not stopped.</summary>
    public void GiveBack(long taken)
    {
        lock (_lock)
        {
            _taken.Remove(taken);
        }
    }
}

/// <summary>The refusal of releases that come too often.</summary>
internal static class TooManyReleases
{
    /// <summary>Counts a release. Returns why it is refused; null if it is allowed.</summary>
    public static Problem? Refuse(HttpContext context, ReleaseRate rate, out long taken)
    {
        if (rate.TryTake(out taken, out TimeSpan wait))
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
