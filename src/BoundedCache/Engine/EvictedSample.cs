using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>
/// Some of the values that an eviction let go, held weakly. After a collection they tell whether somebody else still
/// refers to such values. Used by one thread at a time.
/// </summary>
internal sealed class EvictedSample
{
    private const int Most = 512;

    private readonly List<(WeakReference Value, long Bytes)> _values = [];
    private int _stride = 1;
    private int _skipped;

    /// <summary>Whether it takes the next value that is offered. Ask before looking for the value.</summary>
    public bool WantsNext()
    {
        _skipped = _skipped + 1 >= _stride ? 0 : _skipped + 1;
        return _skipped == 0;
    }

    /// <summary>Takes a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="bytes">What its entry was charged.</param>
    public void Add(object value, long bytes)
    {
        _values.Add((new WeakReference(value), bytes));
        if (_values.Count == Most)
        {
            // Every other one goes, and from now on half as many are taken: the sample stays even.
            int kept = 0;
            for (int i = 0; i < Most; i += 2)
            {
                _values[kept++] = _values[i];
            }

            _values.RemoveRange(kept, Most - kept);
            _stride *= 2;
        }
    }

    /// <summary>The values of both; null where neither has any.</summary>
    public static EvictedSample? Combine(EvictedSample? one, EvictedSample? other)
    {
        if (one is null || other is null)
        {
            return one ?? other;
        }

        var both = new EvictedSample();
        both._values.AddRange(one._values);
        both._values.AddRange(other._values);
        return both;
    }

    /// <summary>
    /// Whether a quarter of the sample's bytes or more is alive, and known to be held by somebody else. It is not known
    /// where entries shared objects: the entries that stay may hold them. Literals and other objects that never die
    /// count as dead.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool IsMuchAlive()
    {
        HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
        long alive = 0;
        long shared = 0;
        long all = 0;
        foreach ((WeakReference reference, long bytes) in _values)
        {
            all += bytes;
            if (reference.Target is { } value && GC.GetGeneration(value) <= GC.MaxGeneration)
            {
                bool isNew = seen.Add(value);
                alive += isNew ? bytes : 0;
                shared += isNew ? 0 : bytes;
            }
        }

        return alive > 0 && alive >= all / 4 && shared <= alive / 10;
    }
}
