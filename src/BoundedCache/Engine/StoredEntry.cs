namespace BoundedCache.Engine;

/// <summary>An entry in the table, as it was found: what its charge is made of, and where it stood.</summary>
internal readonly record struct StoredEntry(object Key, object? Value, EntryDetails? Details, SlotRef Place)
{
    public bool HasDeadline => (Place.Flags & SlotFlags.HasDeadline) != 0;
}
