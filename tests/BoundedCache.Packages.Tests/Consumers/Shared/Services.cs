using BoundedCache;
using Microsoft.Extensions.DependencyInjection;

internal static class Services
{
    public static IServiceCollection AddCountedCache(this IServiceCollection services) =>
        services.AddBoundedMemoryCache(static options =>
        {
            options.MaxMemory = Counts.MaxMemory;
            // The counts must not depend on the machine.
            options.YieldToMemoryPressure = false;
        });
}
