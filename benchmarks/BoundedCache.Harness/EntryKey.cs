using System.Globalization;

namespace BoundedCache.Harness;

/// <summary>
/// The string keys of the measurements: 24 characters unless said otherwise, a new instance with every call.
/// </summary>
public static class EntryKey
{
    /// <summary>The key of a number.</summary>
    public static string Create(int number) => string.Create(CultureInfo.InvariantCulture, $"product:{number:D16}");

    /// <summary>The key of a number, with another length of at least 8 characters.</summary>
    public static string OfLength(int number, int characters) =>
        number.ToString(CultureInfo.InvariantCulture).PadLeft(characters, 'k');
}
