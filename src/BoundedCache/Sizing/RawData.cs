using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>A stand-in whose only field lies where every object's data begins.</summary>
internal sealed class RawData
{
#pragma warning disable CS0649 // Never assigned: no instance of this class exists.
    private byte _first;
#pragma warning restore CS0649

    private RawData()
    {
    }

    /// <summary>The first byte behind the method table pointer. Never write through it.</summary>
    public static ref byte GetReference(object boxed) => ref Unsafe.As<RawData>(boxed)._first;
}
