using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>The layouts learned so far, one per type, for the whole process.</summary>
/// <remarks>
/// Thread-safe. Types are held weakly, so that the types of collectible assemblies can be unloaded. A small table of
/// the latest types that are not collectible is searched first, because that is much faster.
/// </remarks>
internal static class TypeLayouts
{
    private const int RecentTypesLog2 = 9;
    private const int RecentTypes = 1 << RecentTypesLog2;

    private static readonly ConditionalWeakTable<Type, TypeLayout> s_layouts = [];
    private static readonly TypeLayout?[] s_recent = new TypeLayout?[RecentTypes];

    /// <summary>
    /// The layout of the instance's exact type. Never throws: a layout that cannot be learned is estimated.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TypeLayout Get(object instance) =>
        TryGetRecent(instance) ?? FindOrLearn(instance.GetType(), instance);

    /// <summary>The same, or null where the layout is not among the latest ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TypeLayout? TryGetRecent(object instance)
    {
        nint methodTable = RawData.GetMethodTable(instance);
        TypeLayout? recent = Volatile.Read(ref s_recent[SlotOf(methodTable)]);
        return recent is not null && recent.MethodTable == methodTable ? recent : null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TypeLayout FindOrLearn(Type type, object instance)
    {
        if (!s_layouts.TryGetValue(type, out TypeLayout? layout))
        {
            layout = s_layouts.GetOrAdd(type, Learn(type, instance));
        }

        // The method table of a type that is unloaded may become another type's. And a runtime may keep it elsewhere.
        if (!type.IsCollectible && RawData.GetMethodTable(instance) == type.TypeHandle.Value)
        {
            layout.MethodTable = type.TypeHandle.Value;
            Volatile.Write(ref s_recent[SlotOf(layout.MethodTable)], layout);
        }

        return layout;
    }

    // The upper bits of the product depend on all of the address.
    private static int SlotOf(nint methodTable) =>
        (int)((uint)(methodTable >> 3) * 0x9E3779B1 >> (32 - RecentTypesLog2)) & (RecentTypes - 1);

    private static TypeLayout Learn(Type type, object instance)
    {
        try
        {
            return NotFollowed.Contains(type) ? new TypeLayout { IsNotFollowed = true }
                : type == typeof(string)
                    ? new TypeLayout { BaseBytes = ObjectSize.StringBase, ElementBytes = sizeof(char) }
                : !GraphSupport.IsSupported ? UnwalkedLayouts.Learn(type, instance)
                : instance is Delegate ? LearnDelegate(instance)
                : type.IsArray ? LearnArray(type)
                : LearnInstance(type, instance);
        }
        catch (Exception)
        {
            // A field or base type does not load. No object is smaller than this.
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
                : ReferenceShape.From(element) is { } shape ? VisitorCompiler.ForStruct(shape)
                : null,
        };
    }

    private static TypeLayout LearnDelegate(object instance) => new()
    {
        BaseBytes = InstanceSizeProbe.TryMeasure(instance, out long bytes) ? bytes : ObjectSize.Minimum,
        IsDelegate = true,
        VisitFields = static (instance, walk) => walk.Reach(((Delegate)instance).Target),
    };

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

        ReferenceShape? shape = ReferenceShape.From(type);
        SegmentChain? segments = SegmentChain.From(type);
        return new TypeLayout
        {
            BaseBytes = bytes,
            IsEstimated = !known,
            IsClosure = Closures.IsClosure(type),
            VisitFields = shape is null ? null
                : type.IsValueType ? VisitorCompiler.ForBoxed(shape)
                : VisitorCompiler.ForClass(shape),
            NodeCount = LinkedCollections.NodeCountOf(type),
            IsNode = segments is not null || LinkedCollections.IsNode(type),
            Segments = segments,
            SharedInstances = SharedInstances.From(type),
        };
    }

    /// <summary>
    /// The sum of the fields, each padded to a word. An upper bound, because the runtime packs small fields together.
    /// </summary>
    private static long EstimateFromFields(Type type)
    {
        long bytes = ObjectSize.Overhead;
        foreach (FieldInfo field in InstanceFields.Get(type))
        {
            bytes += ObjectSize.Align(ObjectSize.OfSlot(field.FieldType));
        }

        return Math.Max(ObjectSize.Minimum, bytes);
    }
}
