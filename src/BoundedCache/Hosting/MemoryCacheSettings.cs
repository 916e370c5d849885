using Setting = BoundedCache.Hosting.CacheSetting<BoundedCache.BoundedMemoryCacheOptions>;

namespace BoundedCache.Hosting;

/// <summary>The options of an object cache that configuration can set.</summary>
internal static class MemoryCacheSettings
{
    /// <summary>
    /// All settings except <see cref="BoundedMemoryCacheOptions.MaxMemory"/>, which <see cref="ConfiguredLimit"/>
    /// reads.
    /// </summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        Setting.Text(
            nameof(BoundedMemoryCacheOptions.Name),
            static options => options.Name,
            static (options, value) => options.Name = value),
        Setting.Choice(
            nameof(BoundedMemoryCacheOptions.Sizing),
            static options => options.Sizing,
            static (options, value) => options.Sizing = value),
        Setting.Choice(
            nameof(BoundedMemoryCacheOptions.EvictionPolicy),
            static options => options.EvictionPolicy,
            static (options, value) => options.EvictionPolicy = value),
        Setting.Choice(
            nameof(BoundedMemoryCacheOptions.ReleaseMode),
            static options => options.ReleaseMode,
            static (options, value) => options.ReleaseMode = value),
        Setting.ScanFrequency(
            nameof(BoundedMemoryCacheOptions.ExpirationScanFrequency),
            static options => options.ExpirationScanFrequency,
            static (options, value) => options.ExpirationScanFrequency = value),
        Setting.Flag(
            nameof(BoundedMemoryCacheOptions.TrackStatistics),
            static options => options.TrackStatistics,
            static (options, value) => options.TrackStatistics = value),
        Setting.Flag(
            nameof(BoundedMemoryCacheOptions.TrackLinkedCacheEntries),
            static options => options.TrackLinkedCacheEntries,
            static (options, value) => options.TrackLinkedCacheEntries = value),
        Setting.Flag(
            nameof(BoundedMemoryCacheOptions.DisposeValues),
            static options => options.DisposeValues,
            static (options, value) => options.DisposeValues = value),
        Setting.Share(
            nameof(BoundedMemoryCacheOptions.PacingShare),
            "a share of MaxMemory as a number from 0 (no pacing) to 1, such as 0.05",
            static options => options.PacingShare,
            static (options, value) => options.PacingShare = value),
        Setting.Flag(
            nameof(BoundedMemoryCacheOptions.YieldToMemoryPressure),
            static options => options.YieldToMemoryPressure,
            static (options, value) => options.YieldToMemoryPressure = value),
        Setting.MinMemory(
            nameof(BoundedMemoryCacheOptions.MinMemory),
            static options => options.ConfiguredMinMemory,
            static (options, value) => options.ConfiguredMinMemory = value),
        Setting.Reserve(
            nameof(BoundedMemoryCacheOptions.MemoryReserve),
            static options => options.MemoryReserve,
            static (options, value) => options.MemoryReserve = value),
        Setting.Flag(
            nameof(BoundedMemoryCacheOptions.YieldToMachinePressure),
            static options => options.YieldToMachinePressure,
            static (options, value) => options.YieldToMachinePressure = value),
        Setting.Share(
            nameof(BoundedMemoryCacheOptions.AuditShare),
            "a share of one processor as a number from 0 (never) to 1, such as 0.01",
            static options => options.AuditShare,
            static (options, value) => options.AuditShare = value),
        Setting.Flag(
            nameof(BoundedMemoryCacheOptions.AuditOnlyReports),
            static options => options.AuditOnlyReports,
            static (options, value) => options.AuditOnlyReports = value),
        Setting.IdleReleaseInterval(
            nameof(BoundedMemoryCacheOptions.IdleReleaseInterval),
            static options => options.IdleReleaseInterval,
            static (options, value) => options.IdleReleaseInterval = value),
        Setting.Bytes(
            nameof(BoundedMemoryCacheOptions.IdleReleaseMinimumBytes),
            static options => options.IdleReleaseMinimumBytes,
            static (options, value) => options.IdleReleaseMinimumBytes = value),
        Setting.Flag(
            nameof(BoundedMemoryCacheOptions.TrimNativeMemory),
            static options => options.TrimNativeMemory,
            static (options, value) => options.TrimNativeMemory = value),
    ];
}
