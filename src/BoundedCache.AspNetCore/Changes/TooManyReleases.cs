using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>The refusal of releases that come too fast.</summary>
internal static class TooManyReleases
{
    /// <summary>Counts a release, or says why it is refused; null where it is not.</summary>
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
