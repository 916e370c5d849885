using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Sizing;

/// <summary>Whether this process can look into objects.</summary>
/// <remarks>
/// A walk reads fields by code that it generates for each type. A process that is compiled ahead of time (native AOT)
/// can neither generate code nor list all fields of a type: reflection silently leaves out fields that the compiler
/// kept no description of. So nothing is walked there, instead of counting too little without a warning. Trimming alone
/// is no problem: a field without a description is not in the objects either.
/// </remarks>
internal static class GraphSupport
{
    [FeatureGuard(typeof(RequiresDynamicCodeAttribute))]
    public static bool IsSupported => RuntimeFeature.IsDynamicCodeSupported;
}

/// <summary>
/// Layouts learned without reflection over fields, where <see cref="GraphSupport.IsSupported"/> is false.
/// </summary>
/// <remarks>
/// Strings are exact, and so are arrays and boxes of types without references. Arrays of references are followed. Other
/// objects count as the smallest object.
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
