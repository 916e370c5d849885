using System.Globalization;

namespace BoundedCache.Concurrency.Tests;

/// <summary>
/// What sort of keys a test uses: the engine has a path of its own for strings, and one for
/// keys with code of their own.
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
    /// <summary>The key of a number; each call makes another object, equal to the one before.</summary>
    public static object Make(KeyKind kind, int number) => kind switch
    {
        KeyKind.Strings => "key " + number.ToString(CultureInfo.InvariantCulture),
        KeyKind.Integers => number,
        KeyKind.Clashing => new Clash(number),
        _ => Make((KeyKind)(number % 3), number),
    };

    public static object[] MakeMany(KeyKind kind, int count) =>
        [.. Enumerable.Range(0, count).Select(number => Make(kind, number))];

    /// <summary>A key whose hash says little: 64 of them share one.</summary>
    private sealed record Clash(int Number)
    {
        public override int GetHashCode() => Number >> 6;
    }
}
