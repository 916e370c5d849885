using System.Globalization;

namespace BoundedCache.Hosting;

/// <summary>
/// An option that configuration can set. Both kinds of caches read a kind of setting in the same way, with the same
/// message.
/// </summary>
/// <param name="Name">The option's name, which is its key in the section; case does not matter.</param>
/// <param name="Allowed">The allowed values, for error messages.</param>
/// <param name="TrySet">Parses a text and sets the option; false where the text is not allowed.</param>
/// <param name="Get">The option's value, or the text for one that is not set.</param>
internal sealed record CacheSetting<TOptions>(
    string Name,
    string Allowed,
    Func<TOptions, string, bool> TrySet,
    Func<TOptions, object> Get)
{
    private const string AmountForms = "as a number of bytes (1048576) or an amount with a unit (64MB)";

    /// <summary>The text for the default of MinMemory, which follows the limit.</summary>
    private const string NoMinMemory = "an eighth of MaxMemory";

    public static CacheSetting<TOptions> Text(
        string name, Func<TOptions, string> get, Action<TOptions, string> set) =>
        Create(name, "a name that is not empty", TryParseText, get, set);

    public static CacheSetting<TOptions> Flag(
        string name, Func<TOptions, bool> get, Action<TOptions, bool> set) =>
        Create(name, "true or false", bool.TryParse, get, set);

    public static CacheSetting<TOptions> Choice<T>(
        string name, Func<TOptions, T> get, Action<TOptions, T> set)
        where T : struct, Enum =>
        Create(name, string.Join(" or ", Enum.GetNames<T>()), TryParseName, get, set);

    public static CacheSetting<TOptions> Share(
        string name,
        string allowed,
        Func<TOptions, double> get,
        Action<TOptions, double> set,
        double least = 0,
        double most = 1) =>
        Create(
            name,
            allowed,
            (string text, out double share) => TryParseNumber(text, out share) && share >= least && share <= most,
            get,
            set);

    public static CacheSetting<TOptions> Reserve(
        string name, Func<TOptions, double> get, Action<TOptions, double> set) =>
        Share(
            name,
            "a share of the process's limits as a number from 0.01 to 0.5, such as 0.12",
            get,
            set,
            BoundedMemoryCacheOptions.LeastReserve,
            BoundedMemoryCacheOptions.LargestReserve);

    /// <summary>An amount of bytes, at least 1.</summary>
    public static CacheSetting<TOptions> Bytes(
        string name, Func<TOptions, long> get, Action<TOptions, long> set) =>
        Create(
            name,
            $"at least 1 byte, {AmountForms}",
            static (string text, out long bytes) => ByteSize.TryParseAmount(text, out bytes) && bytes >= 1,
            get,
            set);

    /// <summary>What pressure leaves a cache.</summary>
    public static CacheSetting<TOptions> MinMemory(
        string name, Func<TOptions, long?> get, Action<TOptions, long?> set) =>
        Optional(
            name,
            NoMinMemory,
            $"at least 0 bytes, {AmountForms}",
            static (string text, out long bytes) => ByteSize.TryParseAmount(text, out bytes) && bytes >= 0,
            get,
            set);

    public static CacheSetting<TOptions> ScanFrequency(
        string name, Func<TOptions, TimeSpan> get, Action<TOptions, TimeSpan> set) =>
        Create(
            name,
            "a time as hours:minutes:seconds (00:01:00), more than zero and at most 49 days (49.00:00:00)",
            static (string text, out TimeSpan time) => TryParseTime(text, out time)
                && time > TimeSpan.Zero
                && time <= BoundedMemoryCacheOptions.LongestScanInterval,
            get,
            set);

    public static CacheSetting<TOptions> IdleReleaseInterval(
        string name, Func<TOptions, TimeSpan?> get, Action<TOptions, TimeSpan?> set) =>
        Optional(
            name,
            "none",
            "a time as hours:minutes:seconds (00:30:00), from 10 seconds to 24 days (24.00:00:00)",
            static (string text, out TimeSpan time) =>
                TryParseTime(text, out time) && BoundedMemoryCacheOptions.IsIdleReleaseInterval(time),
            get,
            set);

    private static CacheSetting<TOptions> Create<T>(
        string name, string allowed, TryParse<T> tryParse, Func<TOptions, T> get, Action<TOptions, T> set)
        where T : notnull => new(
            name,
            allowed,
            (options, text) =>
            {
                bool isAllowed = tryParse(text, out T value);
                if (isAllowed)
                {
                    set(options, value);
                }

                return isAllowed;
            },
            options => get(options));

    /// <summary>A setting that need not be set.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="unset">The text for one that is not set.</param>
    /// <param name="allowed">The other allowed values.</param>
    /// <param name="tryParse">Reads one of those.</param>
    /// <param name="get">The option's value; null where it is not set.</param>
    /// <param name="set">Sets it.</param>
    private static CacheSetting<TOptions> Optional<T>(
        string name,
        string unset,
        string allowed,
        TryParse<T> tryParse,
        Func<TOptions, T?> get,
        Action<TOptions, T?> set)
        where T : struct => new(
            name,
            $"{unset}, or {allowed}",
            (options, text) =>
            {
                bool isUnset = text.Trim().Equals(unset, StringComparison.OrdinalIgnoreCase);
                T value = default;
                bool isAllowed = isUnset || tryParse(text, out value);
                if (isAllowed)
                {
                    set(options, isUnset ? null : value);
                }

                return isAllowed;
            },
            options => get(options) is { } value ? value : unset);

    private static bool TryParseText(string text, out string value)
    {
        value = text;
        return !string.IsNullOrWhiteSpace(text);
    }

    /// <summary>Reads a name of an enumeration, not a number, which Enum.TryParse would accept.</summary>
    private static bool TryParseName<T>(string text, out T value)
        where T : struct, Enum
    {
        string? name = Array.Find(
            Enum.GetNames<T>(), name => name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase));
        value = name is null ? default : Enum.Parse<T>(name);
        return name is not null;
    }

    private static bool TryParseNumber(string text, out double number) => double.TryParse(
        text,
        NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
        CultureInfo.InvariantCulture,
        out number);

    private static bool TryParseTime(string text, out TimeSpan time)
    {
        // TimeSpan reads a number without a colon as days.
        time = default;
        return text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time);
    }

    /// <summary>Reads a text; false where it is not allowed.</summary>
    private delegate bool TryParse<T>(string text, out T value);
}
