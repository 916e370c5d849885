using Setting = BoundedCache.Hosting.CacheSetting<BoundedCache.BoundedByteCacheOptions>;

namespace BoundedCache.Hosting;

/// <summary>The options of a byte cache that configuration can set.</summary>
internal static class ByteCacheSettings
{
    /// <summary>
    /// All settings except <see cref="BoundedByteCacheOptions.MaxMemory"/>, which <see cref="ConfiguredLimit"/>
    /// reads.
    /// </summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        Setting.Text(
            nameof(BoundedByteCacheOptions.Name),
            static options => options.Name,
            static (options, value) => options.Name = value),
        Setting.MinMemory(
            nameof(BoundedByteCacheOptions.MinMemory),
            static options => options.ConfiguredMinMemory,
            static (options, value) => options.ConfiguredMinMemory = value),
        Setting.Flag(
            nameof(BoundedByteCacheOptions.YieldToMemoryPressure),
            static options => options.YieldToMemoryPressure,
            static (options, value) => options.YieldToMemoryPressure = value),
        Setting.Reserve(
            nameof(BoundedByteCacheOptions.MemoryReserve),
            static options => options.MemoryReserve,
            static (options, value) => options.MemoryReserve = value),
        Setting.Flag(
            nameof(BoundedByteCacheOptions.YieldToMachinePressure),
            static options => options.YieldToMachinePressure,
            static (options, value) => options.YieldToMachinePressure = value),
        Setting.Choice(
            nameof(BoundedByteCacheOptions.EvictionPolicy),
            static options => options.EvictionPolicy,
            static (options, value) => options.EvictionPolicy = value),
        Setting.Flag(
            nameof(BoundedByteCacheOptions.ExcludeFromCoreDumps),
            static options => options.ExcludeFromCoreDumps,
            static (options, value) => options.ExcludeFromCoreDumps = value),
        Setting.Flag(
            nameof(BoundedByteCacheOptions.ClearFreedMemory),
            static options => options.ClearFreedMemory,
            static (options, value) => options.ClearFreedMemory = value),
        Setting.Flag(
            nameof(BoundedByteCacheOptions.TrackStatistics),
            static options => options.TrackStatistics,
            static (options, value) => options.TrackStatistics = value),
        Setting.ScanFrequency(
            nameof(BoundedByteCacheOptions.ExpirationScanFrequency),
            static options => options.ExpirationScanFrequency,
            static (options, value) => options.ExpirationScanFrequency = value),
    ];
}
