using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>The layouts learned so far, one per type, for the whole process.</summary>
/// <remarks>Keyed weakly, so that a type of a collectible assembly is not kept alive by having been measured once.</remarks>
internal static class TypeLayouts
{
    private static readonly ConditionalWeakTable<Type, TypeLayout> s_layouts = [];

    /// <summary>The layout of the instance's exact type. Never throws: what cannot be learned is estimated.</summary>
    public static TypeLayout Of(object instance) => Of(instance, out _);

    /// <param name="instance">Any object.</param>
    /// <param name="learned">Whether the type was new, so that this call took long.</param>
    public static TypeLayout Of(object instance, out bool learned)
    {
        Type type = instance.GetType();
        learned = !s_layouts.TryGetValue(type, out TypeLayout? layout);
        return learned ? s_layouts.GetOrAdd(type, Learn(type, instance)) : layout!;
    }

    private static TypeLayout Learn(Type type, object instance)
    {
        try
        {
            return NotFollowed.Contains(type) ? new TypeLayout { IsNotFollowed = true }
                : type == typeof(string) ? new TypeLayout { BaseBytes = ObjectSize.StringBase, ElementBytes = sizeof(char) }
                : !GraphSupport.IsSupported ? UnwalkedLayouts.Learn(type, instance)
                : type.IsArray ? LearnArray(type)
                : LearnInstance(type, instance);
        }
        catch (Exception)
        {
            // A field or base type that does not load. The smallest object is the least it can be.
            return new TypeLayout { BaseBytes = ObjectSize.Minimum, IsEstimated = true };
        }
    }

    public static bool IsReference(Type type) => !type.IsValueType && !type.IsPointer && !type.IsFunctionPointer;

    public static void VisitReference(ref byte slot, GraphWalk walk) => walk.Reach(Unsafe.As<byte, object?>(ref slot));

    [RequiresDynamicCode(VisitorCompiler.Reason)]
    private static TypeLayout LearnArray(Type type)
    {
        Type element = type.GetElementType()!;
        return new TypeLayout
        {
            BaseBytes = ObjectSize.ArrayBaseOf(type),
            ElementBytes = ObjectSize.OfSlot(element),
            VisitElement = IsReference(element) ? VisitReference
                : ReferenceShape.Of(element) is { } shape ? VisitorCompiler.ForStruct(shape)
                : null,
        };
    }

    [RequiresDynamicCode(VisitorCompiler.Reason)]
    private static TypeLayout LearnInstance(Type type, object instance)
    {
        bool known = true;
        long bytes;
        if (type.IsValueType)
        {
            bytes = ObjectSize.OfBoxed(type);
        }
        else if (!InstanceSizeProbe.TryMeasure(instance, out bytes))
        {
            known = false;
            bytes = EstimateFromFields(type);
        }

        ReferenceShape? shape = ReferenceShape.Of(type);
        return new TypeLayout
        {
            BaseBytes = bytes,
            IsEstimated = !known,
            VisitFields = shape is null ? null
                : type.IsValueType ? VisitorCompiler.ForBoxed(shape)
                : VisitorCompiler.ForClass(shape),
            NodeCount = LinkedCollections.NodeCountOf(type),
            IsNode = LinkedCollections.IsNode(type),
        };
    }

    /// <summary>
    /// The sum of the fields, each padded to a word: an upper bound but for the padding inside structs, as the runtime
    /// packs small fields together.
    /// </summary>
    private static long EstimateFromFields(Type type)
    {
        long bytes = ObjectSize.Overhead;
        foreach (FieldInfo field in InstanceFields.Of(type))
        {
            bytes += ObjectSize.Align(ObjectSize.OfSlot(field.FieldType));
        }

        return Math.Max(ObjectSize.Minimum, bytes);
    }
}
