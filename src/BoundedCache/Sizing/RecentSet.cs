using System.Numerics;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>
/// Remembers objects by identity: all of them up to a bound, and beyond it the latest ones and a sample of the others.
/// </summary>
/// <remarks>
/// Not thread-safe. There are two generations. When the young one is full, the old one is forgotten but for the sample,
/// and the young one becomes the old. Whoever is asked for in the old generation moves to the young one. The sample
/// makes a walk end that comes back, by a cycle, to objects that were forgotten.
/// </remarks>
internal sealed class RecentSet(int maxCells = RecentSet.DefaultMaxCells)
{
    /// <summary>16 MB a generation.</summary>
    public const int DefaultMaxCells = 2 * 1024 * 1024;

    private const int InitialCells = 1024;
    private const int SampledOf = 64;

    private object?[] _young = new object?[InitialCells];
    private object?[]? _old;
    private int _count;
    private int _sampledOf = SampledOf;

    public int Capacity => _young.Length + (_old?.Length ?? 0);

    /// <summary>Whether <see cref="BeginGeneration"/> is due.</summary>
    public bool IsFull => _young.Length >= maxCells && _count >= maxCells / 4 * 3;

    /// <returns>Whether the object was not remembered.</returns>
    public bool Add(object instance)
    {
        int hash = RuntimeHelpers.GetHashCode(instance);
        ref object? cell = ref Find(_young, instance, hash);
        if (cell is not null)
        {
            return false;
        }

        bool isKnown = _old is not null && Find(_old, instance, hash) is not null;
        cell = instance;
        if (++_count >= _young.Length / 8 * 7)
        {
            if (_young.Length < maxCells)
            {
                Grow();
            }
            else
            {
                BeginGeneration();
            }
        }

        return !isKnown;
    }

    /// <summary>Forgets the old generation but for a sample of it.</summary>
    public void BeginGeneration()
    {
        object?[] forgotten = _old ?? [];
        _old = _young;
        _young = new object?[_old.Length];
        _count = 0;
        foreach (object? instance in forgotten)
        {
            if (instance is not null && IsSampled(instance))
            {
                Insert(instance);
            }
        }

        if (_count > _young.Length / 8)
        {
            _sampledOf *= 2;
        }
    }

    /// <summary>Forgets all, and keeps the room of a small walk.</summary>
    public void Clear()
    {
        _old = null;
        _sampledOf = SampledOf;
        if (_count > 0)
        {
            Array.Clear(_young);
            _count = 0;
        }
    }

    private bool IsSampled(object instance) => Scatter(RuntimeHelpers.GetHashCode(instance)) % (uint)_sampledOf == 0;

    private void Grow()
    {
        object?[] smaller = _young;
        _young = new object?[smaller.Length * 2];
        foreach (object? instance in smaller)
        {
            if (instance is not null)
            {
                Find(_young, instance, RuntimeHelpers.GetHashCode(instance)) = instance;
            }
        }
    }

    private void Insert(object instance)
    {
        ref object? cell = ref Find(_young, instance, RuntimeHelpers.GetHashCode(instance));
        _count += cell is null ? 1 : 0;
        cell = instance;
    }

    // The cell of the object, or the empty one where it belongs. An eighth of the cells is empty.
    private static ref object? Find(object?[] cells, object instance, int hash)
    {
        int mask = cells.Length - 1;
        int i = (int)Scatter(hash) & mask;
        while (cells[i] is { } other && !ReferenceEquals(other, instance))
        {
            i = (i + 1) & mask;
        }

        return ref cells[i];
    }

    // Identity hashes have 26 bits; the upper bits of the product depend on all of them.
    private static uint Scatter(int hash) => BitOperations.RotateLeft((uint)hash * 0x9E3779B1, 16);
}
