using System.Globalization;

namespace BoundedCache.Hosting;

/// <summary>
/// A limit as configuration says it: an amount of bytes, or a share of the memory available to the process.
/// Two are equal if they say the same, however it is written; a share stays the same while the memory that
/// it is a share of changes.
/// </summary>
internal readonly record struct ConfiguredLimit
{
    public const string Allowed =
        "at least 1 byte, as a number of bytes (1048576), an amount with a unit (512MB, 1.5GiB), "
        + "or a share of the memory available to the process, above 0% and up to 100% (25%)";

    private readonly long _bytes;
    private readonly decimal _percent;

    private ConfiguredLimit(long bytes, decimal percent) => (_bytes, _percent) = (bytes, percent);

    /// <summary>The limit in bytes, at least 1, of the memory that is available now.</summary>
    public long Bytes => _percent == 0 ? _bytes : ByteSize.PercentOfAvailable(_percent);

    public static bool TryParse(string text, out ConfiguredLimit limit)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        if (trimmed.EndsWith('%'))
        {
            bool isShare = decimal.TryParse(
                trimmed[..^1].TrimEnd(),
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out decimal percent)
                && percent is > 0 and <= 100;
            limit = new ConfiguredLimit(0, isShare ? percent : 0);
            return isShare;
        }

        bool isAmount = ByteSize.TryParse(trimmed, out long bytes) && bytes > 0;
        limit = new ConfiguredLimit(isAmount ? bytes : 0, 0);
        return isAmount;
    }

    public override string ToString() => _percent == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{_bytes} bytes")
        : string.Create(CultureInfo.InvariantCulture, $"{_percent / 1.000000000000000000000000000000m}%");
}
