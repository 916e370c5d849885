using BoundedCache.Harness;

namespace BoundedCache.Microbenchmarks;

/// <summary>What keys are.</summary>
public enum KeyKind
{
    String8,
    String24,
    String100,
    Int,
    Guid,
    Record,
}

/// <summary>
/// Numbered keys of a kind, as the cache holds them and as callers bring them: equal, but other instances.
/// </summary>
public static class KeySet
{
    /// <summary>
    /// Keys looked up one after the other, a power of two: enough that no processor learns their order.
    /// </summary>
    public const int Draws = 1 << 14;

    /// <summary>The key of a number; each call makes another object.</summary>
    public static object Make(KeyKind kind, int number) => kind switch
    {
        KeyKind.String8 => EntryKey.OfLength(number, 8),
        KeyKind.String24 => EntryKey.Create(number),
        KeyKind.String100 => EntryKey.OfLength(number, 100),
        KeyKind.Int => number,
        KeyKind.Guid => new Guid(number, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7),
        _ => new ProductKey("product", number),
    };

    /// <summary>Keys in an order drawn by Zipf's law.</summary>
    /// <param name="kind">What keys are.</param>
    /// <param name="entries">How many there are in the cache.</param>
    /// <param name="present">Whether to draw from them, or from others that are not there.</param>
    public static object[] Draw(KeyKind kind, int entries, bool present = true)
    {
        var random = new Random(1);
        var zipf = new Zipf(entries, 0.99, random);
        return [.. Enumerable.Range(0, Draws).Select(_ => Make(kind, zipf.Next(random) + (present ? 0 : entries)))];
    }

    /// <summary>
    /// The numbers of the entries in random order: tables filled in the order of allocation are faster
    /// to read than any in use.
    /// </summary>
    public static int[] FillOrder(int entries)
    {
        int[] order = [.. Enumerable.Range(0, entries)];
        new Random(2).Shuffle(order);
        return order;
    }
}

/// <summary>A key of two parts, as records make them.</summary>
public sealed record ProductKey(string Kind, int Number);
