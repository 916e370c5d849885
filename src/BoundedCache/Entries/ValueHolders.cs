using BoundedCache.Engine;

namespace BoundedCache.Entries;

/// <summary>The entries that hold an instance, nearly always one. Not thread-safe.</summary>
internal sealed class ValueHolders
{
    private EntryDetails? _one;
    private HashSet<EntryDetails>? _others;

    /// <summary>Whether the instance is disposed when all have left.</summary>
    public bool ToDispose { get; set; }

    /// <summary>Whether it was refused since it was last written: then a caller holds it.</summary>
    public bool IsRefused { get; set; }

    public bool IsEmpty => _one is null && _others is not { Count: > 0 };

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
