using System.Globalization;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// The kind of keys that a test uses: the engine has one path for strings, and one for
/// keys whose Equals is user code.
/// </summary>
public enum KeyKind
{
    Strings,
    Integers,
    Clashing,
    Mixed,
}

/// <summary>Numbered keys of a kind.</summary>
internal static class Keys
{
    /// <summary>The key of a number; each call creates a new object, equal to the previous one.</summary>
    public static object Make(KeyKind kind, int number) => kind switch
    {
        KeyKind.Strings => "key " + number.ToString(CultureInfo.InvariantCulture),
        KeyKind.Integers => number,
        KeyKind.Clashing => new Clash(number),
        _ => Make((KeyKind)(number % 3), number),
    };

    public static object[] MakeMany(KeyKind kind, int count) =>
        [.. Enumerable.Range(0, count).Select(number => Make(kind, number))];

    /// <summary>A key with a poor hash: 64 keys share each hash.</summary>
    private sealed record Clash(int Number)
    {
        public override int GetHashCode() => Number >> 6;
    }
}
