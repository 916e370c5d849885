using BoundedCache;
using BoundedCache.AspNetCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BoundedCache.AspNetCore
{
    /// <summary>
    /// Whether the caches hold what they promise: their limits fit the process, memory pressure leaves them half and
    /// ends when they yield, and no release was given up.
    /// </summary>
    internal sealed class CacheHealthCheck(BoundedMemoryCacheRegistry registry) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            List<string> faults = [];
            Dictionary<string, object> data = [];
            bool isRoomKnown = false;
            foreach (IBoundedCache cache in registry.Caches)
            {
                CacheSnapshot snapshot = cache.GetSnapshot();
                data[$"{cache.Name}.usedBytes"] = snapshot.UsedMemory;
                data[$"{cache.Name}.maxBytes"] = snapshot.MaxMemory;
                data[$"{cache.Name}.effectiveMaxBytes"] = snapshot.EffectiveMaxMemory;

                // The limits of all caches are judged together.
                if (!isRoomKnown && snapshot.Sizing == EntrySizing.Measured)
                {
                    isRoomKnown = true;
                    if (MemoryReport.CheckLimit(cache, snapshot.MaxMemory) is { } finding)
                    {
                        faults.Add(finding.ToString());
                    }
                }

                if (snapshot.Pressure is not null && snapshot.EffectiveMaxMemory < snapshot.MaxMemory / 2)
                {
                    faults.Add($"{cache.Name}: memory pressure has taken more than half: it may hold "
                        + $"{snapshot.Sizing.Format(snapshot.EffectiveMaxMemory)} of "
                        + $"{snapshot.Sizing.Format(snapshot.MaxMemory)}.");
                }

                if (snapshot.Pressure is { IsStopped: true } pressure)
                {
                    faults.Add($"{cache.Name}: memory is short, and evicting does not help. {pressure}");
                }

                if (snapshot.LastReport is { IsGivenUp: true } report)
                {
                    faults.Add($"{cache.Name}: a release was given up. {report.Reason}");
                }
            }

            return Task.FromResult(faults.Count == 0
                ? HealthCheckResult.Healthy(data: data)
                : new HealthCheckResult(context.Registration.FailureStatus, string.Join(' ', faults), data: data));
        }
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Registration of the health check of caches.</summary>
    public static class BoundedCacheHealthChecksBuilderExtensions
    {
        /// <summary>
        /// Adds a check of all caches registered with <c>AddBoundedMemoryCache</c>. It fails where the process cannot
        /// hold their limits, while memory pressure has taken more than half of one or evicting does not help against
        /// it, and where a release that was owed was given up.
        /// </summary>
        /// <param name="builder">The health checks.</param>
        /// <param name="name">The check's name. Default <c>bounded_cache</c>.</param>
        /// <param name="failureStatus">What it reports then; null for <see cref="HealthStatus.Degraded"/>.</param>
        /// <param name="tags">Tags to select checks by; null for none.</param>
        /// <returns>The same builder.</returns>
        /// <exception cref="ArgumentNullException">
        /// <paramref name="builder"/> or <paramref name="name"/> is null.
        /// </exception>
        public static IHealthChecksBuilder AddBoundedCache(
            this IHealthChecksBuilder builder,
            string name = "bounded_cache",
            HealthStatus? failureStatus = null,
            IEnumerable<string>? tags = null)
        {
            ArgumentNullException.ThrowIfNull(builder);
            ArgumentNullException.ThrowIfNull(name);
            return builder.Add(new HealthCheckRegistration(
                name,
                static services => new CacheHealthCheck(services.GetRequiredService<BoundedMemoryCacheRegistry>()),
                failureStatus ?? HealthStatus.Degraded,
                tags));
        }
    }
}
