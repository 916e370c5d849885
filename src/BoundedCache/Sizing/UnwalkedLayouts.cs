using System.Runtime.InteropServices;

namespace BoundedCache.Sizing;

/// <summary>
/// Layouts learned without reflection over fields, for a process in which <see cref="GraphSupport"/> is missing.
/// </summary>
/// <remarks>
/// Strings, and arrays and boxes of types without references, are as exact as ever, and arrays of references are still
/// followed. Of other objects nothing is known but that they exist.
/// </remarks>
internal static class UnwalkedLayouts
{
    public static TypeLayout Learn(Type type, object instance)
    {
        if (type.IsArray)
        {
            Type element = type.GetElementType()!;
            bool isReference = TypeLayouts.IsReference(element);
            return new TypeLayout
            {
                BaseBytes = ObjectSize.ArrayBaseOf(type),
                ElementBytes = ObjectSize.OfSlot(element),
                VisitElement = isReference ? TypeLayouts.VisitReference : null,
                IsOpaque = !isReference && !IsFreeOfReferences(instance),
            };
        }

        if (instance is Delegate)
        {
            return new TypeLayout { IsNotFollowed = true };
        }

        return type.IsValueType
            ? new TypeLayout { BaseBytes = ObjectSize.OfBoxed(type), IsOpaque = !IsFreeOfReferences(instance) }
            : new TypeLayout { BaseBytes = ObjectSize.Minimum, IsOpaque = true };
    }

    /// <summary>Only objects without references can be pinned, and the runtime refuses the others.</summary>
    private static bool IsFreeOfReferences(object instance)
    {
        try
        {
            GCHandle.Alloc(instance, GCHandleType.Pinned).Free();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
