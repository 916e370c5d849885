using BoundedCache.Entries;

namespace BoundedCache;

/// <summary>What the cache holds, for people who look at it.</summary>
public sealed partial class BoundedByteCache : ISampledCache
{
    IReadOnlyList<SampledEntry> ISampledCache.Sample(int most) =>
    [
        .. _engine.Sample(most).Select(
            static entry => new SampledEntry(entry.Key, typeof(byte[]), entry.Bytes)),
    ];
}
