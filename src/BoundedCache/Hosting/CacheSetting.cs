using System.Globalization;

namespace BoundedCache.Hosting;

/// <summary>An option that configuration can set.</summary>
/// <param name="Name">The option's name, which is its key in the section; case does not matter.</param>
/// <param name="Allowed">The allowed values, for error messages.</param>
/// <param name="TrySet">Parses a text and sets the option; false where the text is not allowed.</param>
/// <param name="Get">The option's value.</param>
internal sealed record CacheSetting(
    string Name,
    string Allowed,
    Func<BoundedMemoryCacheOptions, string, bool> TrySet,
    Func<BoundedMemoryCacheOptions, object> Get)
{
    /// <summary>The text for a time that is not set.</summary>
    private const string NoTime = "none";

    /// <summary>The text for the default of MinMemory, which follows the limit.</summary>
    private const string NoMinMemory = "an eighth of MaxMemory";

    /// <summary>
    /// All settings except <see cref="BoundedMemoryCacheOptions.MaxMemory"/>, which <see cref="ConfiguredLimit"/>
    /// reads.
    /// </summary>
    public static IReadOnlyList<CacheSetting> All { get; } =
    [
        new(
            nameof(BoundedMemoryCacheOptions.Name),
            "a name that is not empty",
            static (options, text) => !string.IsNullOrWhiteSpace(options.Name = text),
            static options => options.Name),
        Choice(nameof(BoundedMemoryCacheOptions.Sizing), static options => options.Sizing, static (options, value) =>
            options.Sizing = value),
        Choice(
            nameof(BoundedMemoryCacheOptions.EvictionPolicy),
            static options => options.EvictionPolicy,
            static (options, value) => options.EvictionPolicy = value),
        Choice(
            nameof(BoundedMemoryCacheOptions.ReleaseMode),
            static options => options.ReleaseMode,
            static (options, value) => options.ReleaseMode = value),
        new(
            nameof(BoundedMemoryCacheOptions.ExpirationScanFrequency),
            "a time as hours:minutes:seconds (00:01:00), more than zero and at most 49 days (49.00:00:00)",
            TrySetExpirationScanFrequency,
            static options => options.ExpirationScanFrequency),
        Flag(
            nameof(BoundedMemoryCacheOptions.TrackStatistics),
            static options => options.TrackStatistics,
            static (options, value) => options.TrackStatistics = value),
        Flag(
            nameof(BoundedMemoryCacheOptions.TrackLinkedCacheEntries),
            static options => options.TrackLinkedCacheEntries,
            static (options, value) => options.TrackLinkedCacheEntries = value),
        Flag(
            nameof(BoundedMemoryCacheOptions.DisposeValues),
            static options => options.DisposeValues,
            static (options, value) => options.DisposeValues = value),
        new(
            nameof(BoundedMemoryCacheOptions.PacingShare),
            "a share of MaxMemory as a number from 0 (no pacing) to 1, such as 0.05",
            static (options, text) => TrySetShare(text, share => options.PacingShare = share),
            static options => options.PacingShare),
        Flag(
            nameof(BoundedMemoryCacheOptions.YieldToMemoryPressure),
            static options => options.YieldToMemoryPressure,
            static (options, value) => options.YieldToMemoryPressure = value),
        new(
            nameof(BoundedMemoryCacheOptions.MinMemory),
            "an eighth of MaxMemory, or at least 0 bytes, as a number of bytes (1048576) or an amount "
                + "with a unit (64MB)",
            TrySetMinMemory,
            static options => options.ConfiguredMinMemory is long bytes ? bytes : NoMinMemory),
        new(
            nameof(BoundedMemoryCacheOptions.MemoryReserve),
            "a share of the process's limits as a number from 0.01 to 0.5, such as 0.12",
            static (options, text) => TrySetShare(
                text,
                share => options.MemoryReserve = share,
                BoundedMemoryCacheOptions.LeastReserve,
                BoundedMemoryCacheOptions.LargestReserve),
            static options => options.MemoryReserve),
        Flag(
            nameof(BoundedMemoryCacheOptions.YieldToMachinePressure),
            static options => options.YieldToMachinePressure,
            static (options, value) => options.YieldToMachinePressure = value),
        new(
            nameof(BoundedMemoryCacheOptions.AuditShare),
            "a share of one processor as a number from 0 (never) to 1, such as 0.01",
            static (options, text) => TrySetShare(text, share => options.AuditShare = share),
            static options => options.AuditShare),
        Flag(
            nameof(BoundedMemoryCacheOptions.AuditOnlyReports),
            static options => options.AuditOnlyReports,
            static (options, value) => options.AuditOnlyReports = value),
        new(
            nameof(BoundedMemoryCacheOptions.IdleReleaseInterval),
            "none, or a time as hours:minutes:seconds (00:30:00), from 10 seconds to 24 days (24.00:00:00)",
            TrySetIdleReleaseInterval,
            static options => options.IdleReleaseInterval is TimeSpan interval ? interval : NoTime),
        new(
            nameof(BoundedMemoryCacheOptions.IdleReleaseMinimumBytes),
            "at least 1 byte, as a number of bytes (1048576) or an amount with a unit (64MB)",
            TrySetIdleReleaseMinimumBytes,
            static options => options.IdleReleaseMinimumBytes),
        Flag(
            nameof(BoundedMemoryCacheOptions.TrimNativeMemory),
            static options => options.TrimNativeMemory,
            static (options, value) => options.TrimNativeMemory = value),
    ];

    private static CacheSetting Choice<T>(
        string name, Func<BoundedMemoryCacheOptions, T> get, Action<BoundedMemoryCacheOptions, T> set)
        where T : struct, Enum => new(
            name,
            string.Join(" or ", Enum.GetNames<T>()),
            (options, text) =>
            {
                bool isName = TryParseName(text, out T value);
                if (isName)
                {
                    set(options, value);
                }

                return isName;
            },
            options => get(options));

    /// <summary>Reads a name of an enumeration, not a number, which Enum.TryParse would accept.</summary>
    internal static bool TryParseName<T>(string text, out T value)
        where T : struct, Enum
    {
        string? name = Array.Find(
            Enum.GetNames<T>(), name => name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase));
        value = name is null ? default : Enum.Parse<T>(name);
        return name is not null;
    }

    private static CacheSetting Flag(
        string name, Func<BoundedMemoryCacheOptions, bool> get, Action<BoundedMemoryCacheOptions, bool> set) => new(
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

    private static bool TrySetExpirationScanFrequency(BoundedMemoryCacheOptions options, string text)
    {
        if (!TryParseTime(text, out TimeSpan time)
            || time <= TimeSpan.Zero
            || time > BoundedMemoryCacheOptions.LongestScanInterval)
        {
            return false;
        }

        options.ExpirationScanFrequency = time;
        return true;
    }

    private static bool TrySetMinMemory(BoundedMemoryCacheOptions options, string text)
    {
        if (text.Trim().Equals(NoMinMemory, StringComparison.OrdinalIgnoreCase))
        {
            options.ConfiguredMinMemory = null;
            return true;
        }

        if (!ByteSize.TryParseAmount(text, out long bytes) || bytes < 0)
        {
            return false;
        }

        options.MinMemory = bytes;
        return true;
    }

    private static bool TrySetShare(string text, Action<double> set, double least = 0, double most = 1)
    {
        if (!double.TryParse(
            text,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out double share)
            || !(share >= least && share <= most))
        {
            return false;
        }

        set(share);
        return true;
    }

    private static bool TrySetIdleReleaseInterval(BoundedMemoryCacheOptions options, string text)
    {
        if (text.Trim().Equals(NoTime, StringComparison.OrdinalIgnoreCase))
        {
            options.IdleReleaseInterval = null;
            return true;
        }

        if (!TryParseTime(text, out TimeSpan time) || !BoundedMemoryCacheOptions.IsIdleReleaseInterval(time))
        {
            return false;
        }

        options.IdleReleaseInterval = time;
        return true;
    }

    private static bool TrySetIdleReleaseMinimumBytes(BoundedMemoryCacheOptions options, string text)
    {
        if (!ByteSize.TryParseAmount(text, out long bytes) || bytes < 1)
        {
            return false;
        }

        options.IdleReleaseMinimumBytes = bytes;
        return true;
    }

    private static bool TryParseTime(string text, out TimeSpan time)
    {
        // TimeSpan reads a number without a colon as days.
        time = default;
        return text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time);
    }
}
