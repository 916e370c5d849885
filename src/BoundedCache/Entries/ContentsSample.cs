namespace BoundedCache.Entries;

/// <summary>A cache that can tell what it holds, from a sample of its entries.</summary>
internal interface ISampledCache
{
    /// <summary>Some of the entries, evenly spread. Runs no code of keys or values.</summary>
    /// <param name="most">The most entries to look at.</param>
    IReadOnlyList<SampledEntry> Sample(int most);
}

/// <summary>One entry of a sample.</summary>
/// <param name="Key">The key; text where it is text, of which a byte cache gives the beginning.</param>
/// <param name="ValueType">The type of the value; null for a null value.</param>
/// <param name="Bytes">What the entry is charged.</param>
internal readonly record struct SampledEntry(object Key, Type? ValueType, long Bytes);
