using System.Globalization;

namespace BoundedCache.Hosting;

/// <summary>An option of a byte cache that configuration can set.</summary>
/// <param name="Name">The option's name, which is its key in the section; case does not matter.</param>
/// <param name="Allowed">The allowed values, for error messages.</param>
/// <param name="TrySet">Parses a text and sets the option; false where the text is not allowed.</param>
/// <param name="Get">The option's value.</param>
internal sealed record ByteCacheSetting(
    string Name,
    string Allowed,
    Func<BoundedByteCacheOptions, string, bool> TrySet,
    Func<BoundedByteCacheOptions, object> Get)
{
    /// <summary>All settings except <see cref="BoundedByteCacheOptions.MaxMemory"/>.</summary>
    public static IReadOnlyList<ByteCacheSetting> All { get; } =
    [
        new(
            nameof(BoundedByteCacheOptions.Name),
            "a name that is not empty",
            static (options, text) => !string.IsNullOrWhiteSpace(options.Name = text),
            static options => options.Name),
        new(
            nameof(BoundedByteCacheOptions.MinMemory),
            "0 or more bytes, as a number (1048576) or an amount with a unit (64MB)",
            static (options, text) =>
            {
                bool isAmount = ByteSize.TryParseAmount(text, out long bytes) && bytes >= 0;
                options.MinMemory = isAmount ? bytes : options.MinMemory;
                return isAmount;
            },
            static options => options.MinMemory),
        Flag(
            nameof(BoundedByteCacheOptions.YieldToMemoryPressure),
            static options => options.YieldToMemoryPressure,
            static (options, value) => options.YieldToMemoryPressure = value),
        new(
            nameof(BoundedByteCacheOptions.MemoryReserve),
            "a share of the process's limits as a number from 0.01 to 0.5, such as 0.12",
            static (options, text) =>
            {
                bool isShare = double.TryParse(
                    text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share)
                    && share >= BoundedMemoryCacheOptions.LeastReserve
                    && share <= BoundedMemoryCacheOptions.LargestReserve;
                options.MemoryReserve = isShare ? share : options.MemoryReserve;
                return isShare;
            },
            static options => options.MemoryReserve),
        Flag(
            nameof(BoundedByteCacheOptions.YieldToMachinePressure),
            static options => options.YieldToMachinePressure,
            static (options, value) => options.YieldToMachinePressure = value),
        new(
            nameof(BoundedByteCacheOptions.EvictionPolicy),
            "LeastRecentlyUsed or ScanResistant",
            static (options, text) =>
            {
                bool isPolicy = CacheSetting.TryParseName(text, out EvictionPolicy policy);
                options.EvictionPolicy = policy;
                return isPolicy;
            },
            static options => options.EvictionPolicy),
        Flag(
            nameof(BoundedByteCacheOptions.ExcludeFromCoreDumps),
            static options => options.ExcludeFromCoreDumps,
            static (options, value) => options.ExcludeFromCoreDumps = value),
        Flag(
            nameof(BoundedByteCacheOptions.ClearFreedMemory),
            static options => options.ClearFreedMemory,
            static (options, value) => options.ClearFreedMemory = value),
        Flag(
            nameof(BoundedByteCacheOptions.TrackStatistics),
            static options => options.TrackStatistics,
            static (options, value) => options.TrackStatistics = value),
        new(
            nameof(BoundedByteCacheOptions.ExpirationScanFrequency),
            "a time as hours:minutes:seconds (00:01:00), more than zero and at most 49 days (49.00:00:00)",
            static (options, text) =>
            {
                // TimeSpan reads a number without a colon as days.
                bool isTime = text.Contains(':', StringComparison.Ordinal)
                    && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan time)
                    && time > TimeSpan.Zero
                    && time <= BoundedMemoryCacheOptions.LongestScanInterval
                    && (options.ExpirationScanFrequency = time) == time;
                return isTime;
            },
            static options => options.ExpirationScanFrequency),
    ];

    private static ByteCacheSetting Flag(
        string name, Func<BoundedByteCacheOptions, bool> get, Action<BoundedByteCacheOptions, bool> set) => new(
            name,
            "true or false",
            (options, text) =>
            {
                bool isFlag = bool.TryParse(text, out bool value);
                if (isFlag)
                {
                    set(options, value);
                }

                return isFlag;
            },
            options => get(options));
}
