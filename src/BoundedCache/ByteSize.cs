using System.Buffers;
using System.Globalization;
using BoundedCache.Process;

namespace BoundedCache;

/// <summary>
/// Amounts of memory as people write them. Units are powers of 1024 under either name: <c>MB</c> and <c>MiB</c> both
/// mean 1,048,576 bytes, as in most caches' and containers' settings. A percentage is a share of the memory that is
/// available to this process's heap: the machine's, or in a container 75 % of the container's limit unless the runtime
/// is configured otherwise.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public static class ByteSize
{
    private static readonly SearchValues<char> s_number = SearchValues.Create("0123456789.");
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>
    /// Reads a whole number of bytes (<c>1048576</c>), a number with a unit (<c>100MB</c>, <c>1.5 GiB</c>,
    /// <c>512k</c>), or a percentage of the memory that is available now (<c>25%</c>).
    /// </summary>
    /// <param name="text">The amount, as <see cref="TryParse"/> takes it.</param>
    /// <returns>The amount in bytes.</returns>
    /// <exception cref="FormatException">
    /// <paramref name="text"/> is no amount, or more than <see cref="long.MaxValue"/> bytes.
    /// </exception>
    public static long Parse(ReadOnlySpan<char> text) => TryParse(text, out long bytes)
        ? bytes
        : throw new FormatException(
            "Expected a whole number of bytes (1048576), a number with a unit (100MB, 1.5 GiB) or a percentage above "
                + $"0% and up to 100% (25%), got '{text}'.");

    /// <summary>Reads an amount as <see cref="Parse"/> does, without an exception.</summary>
    /// <param name="text">
    /// The amount; case and the space before the unit do not matter, and the decimal separator is a point.
    /// </param>
    /// <param name="bytes">
    /// The amount in bytes, rounded to the nearest byte, a percentage rounded down but at least 1; 0 on failure.
    /// </param>
    /// <returns>
    /// False for anything else: signs, exponents, fractions of a byte without a unit, other units, percentages that
    /// are not above 0 and up to 100, or more than <see cref="long.MaxValue"/> bytes.
    /// </returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long bytes)
    {
        if (TryParsePercent(text, out decimal percent))
        {
            bytes = PercentOfAvailable(percent);
            return true;
        }

        return TryParseAmount(text, out bytes);
    }

    /// <summary>A share of the memory that is available to this process's heap.</summary>
    /// <param name="share">The share, above 0 and up to 1: 0.25 is a quarter.</param>
    /// <returns>The share in bytes as it is now, at least 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The share is not above 0 and up to 1, as a percentage would be.
    /// </exception>
    public static long ShareOfAvailable(double share) => share is > 0 and <= 1
        ? PercentOfAvailable((decimal)share * 100)
        : throw new ArgumentOutOfRangeException(
            nameof(share),
            string.Create(
                CultureInfo.InvariantCulture,
                $"Expected a share above 0 and up to 1, such as 0.25 for a quarter, got {share}."));

    /// <summary>
    /// Writes an amount with three significant digits and a binary unit, for example <c>1.25 GiB</c>.
    /// </summary>
    /// <param name="bytes">The amount in bytes; may be negative.</param>
    /// <returns>The amount in the invariant culture.</returns>
    public static string Format(long bytes)
    {
        double amount = bytes;
        int unit = 0;
        while (Math.Abs(amount) >= 999.5 && unit < s_units.Length - 1)
        {
            amount /= 1024;
            unit++;
        }

        string format = unit == 0 || Math.Abs(amount) >= 99.95 ? "0" : Math.Abs(amount) >= 9.995 ? "0.#" : "0.##";
        return string.Create(
            CultureInfo.InvariantCulture, $"{amount.ToString(format, CultureInfo.InvariantCulture)} {s_units[unit]}");
    }

    /// <summary>Reads an amount that is no percentage.</summary>
    internal static bool TryParseAmount(ReadOnlySpan<char> text, out long bytes)
    {
        bytes = 0;
        text = text.Trim();
        int digits = text.IndexOfAnyExcept(s_number);
        ReadOnlySpan<char> number = digits < 0 ? text : text[..digits];
        ReadOnlySpan<char> unit = digits < 0 ? default : text[digits..].TrimStart();
        if (number.IsEmpty || !TryScale(unit, out long scale))
        {
            return false;
        }

        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal amount)
            || (scale == 1 && amount != decimal.Truncate(amount))
            || amount > (decimal)long.MaxValue / scale)
        {
            return false;
        }

        bytes = (long)decimal.Round(amount * scale);
        return true;
    }

    /// <summary>Reads a percentage; 0 on failure.</summary>
    internal static bool TryParsePercent(ReadOnlySpan<char> text, out decimal percent)
    {
        text = text.Trim();
        percent = 0;
        bool isPercent = text.EndsWith('%')
            && decimal.TryParse(
                text[..^1].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out percent)
            && percent is > 0 and <= 100;
        percent = isPercent ? percent : 0;
        return isPercent;
    }

    /// <summary>Bytes that a percentage, above 0 and up to 100, is now; at least 1.</summary>
    internal static long PercentOfAvailable(decimal percent) =>
        Math.Max(1, (long)(percent / 100 * ProcessMemory.AvailableBytes));

    private static bool TryScale(ReadOnlySpan<char> unit, out long scale)
    {
        int power = unit.IsEmpty ? 0 : "bkmgtp".IndexOf(char.ToLowerInvariant(unit[0]), StringComparison.Ordinal);
        scale = power < 0 ? 0 : 1L << (10 * power);
        ReadOnlySpan<char> rest = unit.IsEmpty ? default : unit[1..];
        return power >= 0 && (rest.IsEmpty
            || (power > 0 && (rest.Equals("b", StringComparison.OrdinalIgnoreCase)
                || rest.Equals("ib", StringComparison.OrdinalIgnoreCase))));
    }
}
