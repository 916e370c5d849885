using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// The count of sizes when two things happen to one entry at once, made to happen in the middle of a replacement
/// by a key that knows when.
/// </summary>
public abstract class CountContract : CacheContract
{
    protected CountContract(CacheKind kind)
        : base(kind) => Setup = new() { SizeLimit = 100 };

    [Fact]
    public void An_entry_that_is_removed_while_it_is_being_replaced()
    {
        ReplaceWhileRemoving();

        // MemoryCache takes the size of the old entry off twice.
        Assert.Equal(Differs(Deviations.CountNeverDrifts, memoryCache: -49L, bounded: 1L), Tested.Size);
    }

    [Fact]
    public void A_cache_to_which_that_happened_still_stores()
    {
        ReplaceWhileRemoving();
        Cache.Remove(new Key("key"));
        Assert.Equal(0, Tested.Count);
        SetSized("new", 10);

        Assert.Equal(Differs(Deviations.CountNeverDrifts, memoryCache: false, bounded: true), Has("new"));
    }

    private void ReplaceWhileRemoving()
    {
        SetSized(new Key("key"), 50);
        var key = new Key("key");
        ICacheEntry replacement = Cache.CreateEntry(key);
        replacement.SetValue(1).SetSize(1);
        int hashes = 0;
        if (Kind == CacheKind.MemoryCache)
        {
            // The first time the old entry is looked up, and found; the next time the new one is put in its place.
            key.OnHash = () => RemoveIf(++hashes == 2);
        }
        else
        {
            // The old entry is compared with once, and then has to be there still.
            key.OnCompared = () => RemoveIf(true);
        }

        replacement.Dispose();
        Assert.Equal(
            Differs(Deviations.CountNeverDrifts, EvictionReason.Replaced, EvictionReason.Removed),
            Departures.TakeOne().Reason);

        void RemoveIf(bool now)
        {
            if (now)
            {
                (key.OnHash, key.OnCompared) = (null, null);
                Cache.Remove(new Key("key"));
            }
        }
    }

    public sealed class OnMemoryCache() : CountContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : CountContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : CountContract(CacheKind.ScanResistant);

    /// <summary>
    /// A key that tells when its hash code is asked for, and when it is compared with one that is stored.
    /// </summary>
    private sealed class Key(string name)
    {
        public Action? OnHash { get; set; }

        public Action? OnCompared { get; set; }

        private string Name { get; } = name;

        public override int GetHashCode()
        {
            OnHash?.Invoke();
            return StringComparer.Ordinal.GetHashCode(Name);
        }

        public override bool Equals(object? obj)
        {
            (obj as Key)?.OnCompared?.Invoke();
            return obj is Key other && other.Name == Name;
        }

        public override string ToString() => Name;
    }
}
