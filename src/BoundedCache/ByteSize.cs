using System.Buffers;
using System.Globalization;
using BoundedCache.Process;

namespace BoundedCache;

/// <summary>
/// Amounts of memory as people write them. Units are powers of 1024 under either name: <c>MB</c> and <c>MiB</c> both
/// mean 1,048,576 bytes, as in most caches' and containers' settings.
/// </summary>
public static class ByteSize
{
    private static readonly SearchValues<char> s_number = SearchValues.Create("0123456789.");
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>
    /// Reads a whole number of bytes (<c>1048576</c>) or a number with a unit (<c>100MB</c>,
    /// <c>1.5 GiB</c>, <c>512k</c>).
    /// </summary>
    /// <param name="text">
    /// The amount; case and the space before the unit do not matter, and the decimal separator is a point.
    /// </param>
    /// <param name="bytes">The amount in bytes, rounded to the nearest byte; 0 on failure.</param>
    /// <returns>
    /// False for anything else: signs, exponents, fractions of a byte without a unit, other units, or more than
    /// <see cref="long.MaxValue"/> bytes.
    /// </returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long bytes)
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

    /// <summary>
    /// A share of the memory that is available to this process's heap: the machine's, or in a container 75 % of the
    /// container's limit unless the runtime is configured otherwise.
    /// </summary>
    /// <param name="percent">The share in percent, above 0 and up to 100.</param>
    /// <returns>The share in bytes as it is now, at least 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The share is not above 0 and up to 100.</exception>
    public static long PercentOfAvailable(decimal percent) => percent is > 0 and <= 100
        ? Math.Max(1, (long)(percent / 100 * ProcessMemory.AvailableBytes))
        : throw new ArgumentOutOfRangeException(
            nameof(percent), percent, "The share of the available memory must be above 0 and at most 100 percent.");

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
