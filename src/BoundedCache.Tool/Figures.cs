using System.Globalization;

namespace BoundedCache.Tool;

/// <summary>Figures as text.</summary>
internal static class Figures
{
    public static string Amount(Answer bytes, bool isDeclared) => isDeclared ? $"{Count(bytes)} units" : Size(bytes);

    public static string Size(Answer bytes) => ByteSize.Format(bytes.Number);

    public static string Count(Answer number) => Count(number.Number);

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Percent(double share) =>
        string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#} %");
}
