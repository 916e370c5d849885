using System.Runtime.CompilerServices;

namespace BoundedCache.Engine;

/// <summary>A key that is looked up: its hash, and the test whether a stored key is the same.</summary>
internal interface IKeyLookup
{
    /// <summary>Whether <see cref="Matches"/> runs code of the key's own class, which must never happen under the lock.</summary>
    static abstract bool RunsUserCode { get; }

    int Hash { get; }

    bool Matches(object stored);
}

/// <summary>A string key, given as a string or as characters that no string was made of.</summary>
internal readonly ref struct StringLookup(ReadOnlySpan<char> key) : IKeyLookup
{
    private readonly ReadOnlySpan<char> _key = key;

    public static bool RunsUserCode => false;

    public int Hash { get; } = KeyHasher.Hash(key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Matches(object stored) =>
        stored.GetType() == typeof(string) && Unsafe.As<string>(stored).AsSpan().SequenceEqual(_key);
}

/// <summary>A key of any other class, compared by its own <see cref="object.Equals(object)"/> as a dictionary would.</summary>
internal readonly struct ObjectLookup(object key) : IKeyLookup
{
    public static bool RunsUserCode => true;

    public int Hash { get; } = KeyHasher.Hash(key);

    public bool Matches(object stored) => ReferenceEquals(stored, key) || stored.Equals(key);
}
