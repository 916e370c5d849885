using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>The layouts that one walk used last, in front of the table that all threads share.</summary>
internal sealed class LayoutCache
{
    private const int Slots = 32;

    private readonly (Type? Type, TypeLayout? Layout)[] _slots = new (Type?, TypeLayout?)[Slots];
    private bool _isUsed;

    public TypeLayout? TryGet(Type type)
    {
        ref (Type? Type, TypeLayout? Layout) slot = ref _slots[RuntimeHelpers.GetHashCode(type) & (Slots - 1)];
        return ReferenceEquals(slot.Type, type) ? slot.Layout : null;
    }

    public void Set(Type type, TypeLayout layout)
    {
        _slots[RuntimeHelpers.GetHashCode(type) & (Slots - 1)] = (type, layout);
        _isUsed = true;
    }

    /// <summary>Forgets all types: a walk outlives its measurement, and must not keep a collectible assembly alive.</summary>
    public void Clear()
    {
        if (_isUsed)
        {
            Array.Clear(_slots);
            _isUsed = false;
        }
    }
}
