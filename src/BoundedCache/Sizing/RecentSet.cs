using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>
/// Remembers objects by identity: all of them up to a bound, and beyond it the latest ones and a sample of the others.
/// </summary>
/// <remarks>
/// <para>Not thread-safe. There are two generations. When the young one is full, the old one is forgotten but for the
/// sample, and the young one becomes the old. An object of the old generation that is added again moves to the young
/// one. A cycle may lead back to forgotten objects for ever: the sample ends such a walk.</para>
/// <para>The first few objects are compared one by one. More are found by their addresses, until the collector runs,
/// which moves objects: an object is new only if no collection began since the first address was taken. After one, and
/// for a second generation, identity hashes are used. Making the first one of an object is slow, and it stays in the
/// object's header, where it makes a lock on the object slower.</para>
/// </remarks>
internal sealed class RecentSet(int maxCells = RecentSet.DefaultMaxCells)
{
    /// <summary>16 MB a generation.</summary>
    public const int DefaultMaxCells = 2 * 1024 * 1024;

    private const int FirstCells = 64;
    private const int GrowthFactor = 4;
    private const int SampledOf = 64;

    /// <summary>Up to this many objects are compared one by one. They lie in the first cells.</summary>
    private const int Unhashed = 8;

    // After a large walk both arrays are longer than the cells in use. Nothing is in the spare one.
    private object?[] _young = new object?[FirstCells];
    private object?[] _spare = [];
    private int _cells = FirstCells;
    private object?[]? _old;
    private int _count;
    private int _sampledOf = SampledOf;
    private bool _usesAddresses;
    private int _collections;

    public int Capacity => _young.Length + _spare.Length + (_old?.Length ?? 0);

    /// <summary>So many objects are all remembered.</summary>
    public int Bound => maxCells / 2;

    /// <summary>Whether <see cref="BeginGeneration"/> is due.</summary>
    public bool IsFull => _cells >= maxCells && _count >= maxCells / 4 * 3;

    /// <returns>Whether the object was not remembered.</returns>
    public bool Add(object instance)
    {
        if (_count <= Unhashed && _old is null)
        {
            return AddUnhashed(instance);
        }

        int hash = HashOf(instance);
        ref object? cell = ref Find(_young, _cells, instance, hash);
        if (cell is not null)
        {
            return false;
        }

        if (_usesAddresses && GC.CollectionCount(0) != _collections)
        {
            Rehash(_cells, usesAddresses: false);
            return Add(instance);
        }

        bool isKnown = _old is not null && Find(_old, _old.Length, instance, hash) is not null;
        cell = instance;
        if (++_count >= (_cells >> 2) * 3)
        {
            MakeRoom();
        }

        return !isKnown;
    }

    /// <summary>Forgets the old generation but for a sample of it. Only where <see cref="IsFull"/>.</summary>
    public void BeginGeneration()
    {
        Debug.Assert(_cells == maxCells, "Only a full generation becomes the old one.");
        if (_usesAddresses)
        {
            Rehash(_cells, usesAddresses: false);
        }

        object?[] forgotten = _old ?? [];
        _old = _young;
        _young = _spare.Length >= _cells ? _spare : new object?[_cells];
        _spare = [];
        _count = 0;
        foreach (object? instance in forgotten)
        {
            if (instance is not null && IsSampled(instance))
            {
                Insert(instance);
            }
        }

        if (_count > _cells / 8)
        {
            _sampledOf *= 2;
        }
    }

    /// <summary>Forgets all, and keeps the room of a small walk.</summary>
    public void Clear()
    {
        Array.Clear(_young, 0, _count <= Unhashed && _old is null ? _count : _cells);
        (_old, _count, _cells) = (null, 0, Math.Min(FirstCells, maxCells));
        (_usesAddresses, _sampledOf) = (false, SampledOf);
    }

    private bool AddUnhashed(object instance)
    {
        for (int i = 0; i < _count; i++)
        {
            if (ReferenceEquals(_young[i], instance))
            {
                return false;
            }
        }

        if (_count == Unhashed)
        {
            _collections = GC.CollectionCount(0);
            Rehash(_cells, usesAddresses: true);
            Find(_young, _cells, instance, HashOf(instance)) = instance;
        }
        else
        {
            _young[_count] = instance;
        }

        _count++;
        return true;
    }

    private void MakeRoom()
    {
        if (_cells < maxCells)
        {
            Rehash(Math.Min(maxCells, _cells * GrowthFactor), _usesAddresses);
        }
        else if (_count >= _cells / 8 * 7)
        {
            BeginGeneration();
        }
    }

    /// <summary>Puts all objects of the young generation where they belong among a number of cells.</summary>
    private void Rehash(int cells, bool usesAddresses)
    {
        object?[] before = _young;
        int cellsBefore = _cells;
        object?[] after = _spare.Length >= cells ? _spare : new object?[cells];

        // Whatever throws from here on, no array is both of them.
        _spare = [];
        (_young, _cells, _usesAddresses) = (after, cells, usesAddresses);
        foreach (object? instance in before.AsSpan(0, cellsBefore))
        {
            if (instance is not null)
            {
                Find(_young, _cells, instance, HashOf(instance)) = instance;
            }
        }

        Array.Clear(before, 0, cellsBefore);
        _spare = before;
    }

    private bool IsSampled(object instance) => Scatter(RuntimeHelpers.GetHashCode(instance)) % (uint)_sampledOf == 0;

    private void Insert(object instance)
    {
        ref object? cell = ref Find(_young, _cells, instance, HashOf(instance));
        _count += cell is null ? 1 : 0;
        cell = instance;
    }

    // An address is a multiple of eight, and 32 bits of it tell the objects of a walk apart.
    private int HashOf(object instance) => _usesAddresses
        ? (int)(Unsafe.As<object, nint>(ref instance) >> 3)
        : RuntimeHelpers.GetHashCode(instance);

    // The cell of the object, or the empty one where it belongs. An eighth of the cells is empty.
    private static ref object? Find(object?[] all, int cells, object instance, int hash)
    {
        int mask = cells - 1;
        int i = (int)Scatter(hash) & mask;
        while (all[i] is { } other && !ReferenceEquals(other, instance))
        {
            i = (i + 1) & mask;
        }

        return ref all[i];
    }

    // Identity hashes have 26 bits; the upper bits of the product depend on all of them.
    private static uint Scatter(int hash) => BitOperations.RotateLeft((uint)hash * 0x9E3779B1, 16);
}
