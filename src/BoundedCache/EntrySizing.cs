using System.Globalization;

namespace BoundedCache;

/// <summary>The rule by which an entry is charged against <see cref="BoundedMemoryCache.MaxMemory"/>.</summary>
public enum EntrySizing
{
    /// <summary>
    /// Bytes of memory: the larger of what the value was measured to keep alive and the size its writer declared
    /// (<c>ICacheEntry.Size</c>, a minimum and never a maximum), plus the key, plus the entry's share of the cache's
    /// own table. A missing size is allowed. This is the default. In a process compiled ahead of time (native AOT),
    /// objects cannot be inspected: the declared size or a registered sizer counts for everything except strings and
    /// arrays of plain values, and one warning says so.
    /// </summary>
    Measured = 0,

    /// <summary>
    /// Exactly <c>ICacheEntry.Size</c>, in whatever unit the application declares, as
    /// <c>MemoryCacheOptions.SizeLimit</c> counts. Keys and the table cost nothing, and an entry without a size cannot
    /// be stored (<see cref="InvalidOperationException"/>).
    /// </summary>
    Declared = 1,
}

/// <summary>Writes amounts of caches for people.</summary>
internal static class EntryAmount
{
    /// <summary>A size in bytes; of a cache with declared sizes a number of units, which may be anything.</summary>
    /// <returns>The amount in the invariant culture.</returns>
    public static string Format(this EntrySizing sizing, long amount) => sizing == EntrySizing.Measured
        ? ByteSize.Format(amount)
        : string.Create(CultureInfo.InvariantCulture, $"{amount:N0} {sizing.Unit}");

    extension(EntrySizing sizing)
    {
        /// <summary>What amounts are counted in: bytes, or the application's units.</summary>
        public string Unit => sizing == EntrySizing.Measured ? "bytes" : "units";
    }
}
