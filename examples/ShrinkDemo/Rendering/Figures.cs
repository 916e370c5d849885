using System.Globalization;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>Figures as the tables show them, the same in the terminal and in HTML.</summary>
internal static class Figures
{
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Milliseconds below a second, seconds above.</summary>
    public static string Time(TimeSpan time) => time.TotalSeconds >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms");

    public static string Ratio(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio * 100:0.00} %");

    /// <summary>The amount as a multiple of <paramref name="unit"/>, with two decimals.</summary>
    public static string Times(long amount, long unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{(double)amount / unit:0.00} times");

    public static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.##} s");
}
