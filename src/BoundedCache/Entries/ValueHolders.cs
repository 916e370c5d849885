using BoundedCache.Engine;

namespace BoundedCache.Entries;

/// <summary>The entries that hold an instance, nearly always one. Not thread-safe.</summary>
internal sealed class ValueHolders
{
    /// <summary>In cells: a table that is not made smaller.</summary>
    private const int SmallTable = 64;

    private EntryDetails? _one;
    private HashSet<EntryDetails>? _others;

    /// <summary>Whether one has left that was to dispose the instance: then it is disposed when all have.</summary>
    public bool ToDispose { get; set; }

    /// <summary>Whether it was refused since it was last written: then a caller holds it.</summary>
    public bool IsRefused { get; set; }

    public bool IsEmpty => _one is null && _others is not { Count: > 0 };

    /// <summary>Removes an instance, and makes a table smaller that is nearly empty by now.</summary>
    public static void Forget(object value, Dictionary<object, ValueHolders> all)
    {
        all.Remove(value);
        if (all.Capacity > SmallTable && all.Count < all.Capacity / 4)
        {
            try
            {
                all.TrimExcess(2 * all.Count);
            }
            catch (OutOfMemoryException)
            {
                // It stays as large as it is until the next entry leaves.
            }
        }
    }

    public void Add(EntryDetails details)
    {
        if (_one is null || _one == details)
        {
            _one = details;
        }
        else
        {
            (_others ??= []).Add(details);
        }
    }

    public void Remove(EntryDetails details)
    {
        if (_one == details)
        {
            _one = null;
        }

        // It can be there too: counted among others when it was written, and alone when the first mark counted it.
        _others?.Remove(details);
    }
}
