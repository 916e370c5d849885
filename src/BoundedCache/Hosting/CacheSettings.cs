using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Hosting;

/// <summary>
/// All options that configuration can set, and the reading of a section. A binder would set what it knows, and
/// pass over what is misspelt.
/// </summary>
internal static class CacheSettings
{
    /// <summary>
    /// How many unknown settings are named: somebody may have passed the whole configuration in the place of a section.
    /// </summary>
    private const int MostUnknown = 5;

    /// <summary>
    /// The limit: the one setting that a running cache follows, and the one whose text says more than its value.
    /// </summary>
    private const string MaxMemory = nameof(BoundedMemoryCacheOptions.MaxMemory);

    /// <summary>What stands for a time that is not set.</summary>
    private const string NoTime = "none";

    public static IReadOnlyList<CacheSetting> Others { get; } =
    [
        new(
            nameof(BoundedMemoryCacheOptions.Name),
            "a name that is not empty",
            static (options, text) => !string.IsNullOrWhiteSpace(options.Name = text),
            static options => options.Name),
        Choice(nameof(BoundedMemoryCacheOptions.Sizing), static options => options.Sizing, static (options, value) =>
            options.Sizing = value),
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
        new(
            nameof(BoundedMemoryCacheOptions.PacingShare),
            "a share of MaxMemory as a number from 0 (no pacing) to 1, such as 0.05",
            TrySetPacingShare,
            static options => options.PacingShare),
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

    /// <summary>Sets the options that a section names.</summary>
    /// <param name="configuration">The section.</param>
    /// <param name="options">What to set.</param>
    /// <returns>A sentence for everything in the section that is not allowed.</returns>
    public static List<string> Read(IConfiguration configuration, BoundedMemoryCacheOptions options)
    {
        List<string> failures = [];
        List<string> unknown = [];
        ConfiguredLimit? limit = null;

        // Taken first: what changes while the settings are read shows afterwards.
        IChangeToken reloadToken = configuration.GetReloadToken();
        if (configuration is IConfigurationSection { Value: { Length: > 0 } value, Path: { } path })
        {
            failures.Add($"{path} is the value '{value}'; it must be a section that holds settings, "
                + $"such as {path}:{MaxMemory}.");
        }

        foreach (IConfigurationSection child in configuration.GetChildren())
        {
            if (Is(child, MaxMemory))
            {
                Set(child, ConfiguredLimit.Allowed, failures, text =>
                {
                    bool isLimit = ConfiguredLimit.TryParse(text, out ConfiguredLimit read);
                    limit = isLimit ? read : null;
                    return isLimit;
                });
            }
            else if (Others.FirstOrDefault(setting => Is(child, setting.Name)) is { } known)
            {
                Set(child, known.Allowed, failures, text => known.TrySet(options, text));
            }
            else
            {
                unknown.Add(child.Key);
            }
        }

        options.MaxMemory = limit?.Bytes ?? options.MaxMemory;
        options.Source = new ConfiguredSource(limit, reloadToken);
        failures.AddRange(Describe(unknown, configuration));
        return failures;
    }

    /// <summary>How messages call a section.</summary>
    public static string PathOf(IConfiguration configuration) =>
        (configuration as IConfigurationSection)?.Path ?? "the configuration";

    /// <summary>The value of every other option, to be compared with what it is later.</summary>
    public static object[] ReadOthers(BoundedMemoryCacheOptions options) =>
        [.. Others.Select(setting => setting.Get(options))];

    private static void Set(
        IConfigurationSection child, string allowed, List<string> failures, Func<string, bool> trySet)
    {
        if (child.GetChildren().Any())
        {
            failures.Add($"{child.Path} is a section or a list; allowed is {allowed}.");
        }
        else if (child.Value is { } text && !trySet(text))
        {
            failures.Add($"{child.Path} is '{text}'; allowed is {allowed}.");
        }
    }

    private static IEnumerable<string> Describe(List<string> unknown, IConfiguration configuration)
    {
        string[] known = [MaxMemory, .. Others.Select(static setting => setting.Name)];
        foreach (string name in unknown.Take(MostUnknown))
        {
            yield return $"{PathOf(configuration)}: unknown setting '{name}'; "
                + (NearestName.Find(name, known) is { } nearest
                    ? $"did you mean '{nearest}'?"
                    : $"there are {string.Join(", ", known)}.");
        }

        if (unknown.Count > MostUnknown)
        {
            yield return $"{PathOf(configuration)}: {unknown.Count - MostUnknown} more unknown settings; "
                + "is this the cache's own section, as GetSection(\"Cache\") would give it?";
        }
    }

    private static bool Is(IConfigurationSection child, string name) =>
        child.Key.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static CacheSetting Choice<T>(
        string name, Func<BoundedMemoryCacheOptions, T> get, Action<BoundedMemoryCacheOptions, T> set)
        where T : struct, Enum
    {
        string[] names = Enum.GetNames<T>();
        return new CacheSetting(
            name,
            string.Join(" or ", names),
            (options, text) =>
            {
                // By name only: Enum.TryParse would take any number.
                int index = Array.FindIndex(
                    names, candidate => candidate.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase));
                if (index >= 0)
                {
                    set(options, Enum.Parse<T>(names[index]));
                }

                return index >= 0;
            },
            options => get(options));
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

    private static bool TrySetPacingShare(BoundedMemoryCacheOptions options, string text)
    {
        if (!double.TryParse(
            text,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out double share)
            || !(share <= 1))
        {
            return false;
        }

        options.PacingShare = share;
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
        if (!ByteSize.TryParse(text.AsSpan().Trim(), out long bytes) || bytes < 1)
        {
            return false;
        }

        options.IdleReleaseMinimumBytes = bytes;
        return true;
    }

    private static bool TryParseTime(string text, out TimeSpan time)
    {
        // A number without a colon would be days.
        time = default;
        return text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time);
    }
}
