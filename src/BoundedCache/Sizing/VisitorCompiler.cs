using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>Compiles visitors: a few loads and calls per type, without reflection while they run.</summary>
/// <remarks>
/// Visitors read fields directly and call nothing but methods of <see cref="GraphWalk"/>, so no property, enumerator or
/// static constructor of the visited types runs.
/// </remarks>
[RequiresDynamicCode(Reason)]
internal static class VisitorCompiler
{
    public const string Reason = "Visitors are generated.";

    private static readonly MethodInfo s_reach = Method(nameof(GraphWalk.Reach));
    private static readonly MethodInfo s_reachIndex = Method(nameof(GraphWalk.ReachIndex));
    private static readonly MethodInfo s_reachSegments = Method(nameof(GraphWalk.ReachSegments));

    public static ObjectVisitor ForClass(ReferenceShape shape) => Compile<ObjectVisitor>(shape, typeof(object));

    public static ValueVisitor ForStruct(ReferenceShape shape) =>
        Compile<ValueVisitor>(shape, typeof(byte).MakeByRefType());

    /// <summary>The visitor of a boxed struct.</summary>
    public static ObjectVisitor ForBoxed(ReferenceShape shape)
    {
        ValueVisitor visit = ForStruct(shape);
        return (boxed, walk) => visit(ref RawData.GetReference(boxed), walk);
    }

    private static TDelegate Compile<TDelegate>(ReferenceShape shape, Type target)
        where TDelegate : Delegate
    {
        var method = new DynamicMethod(
            "Visit", typeof(void), [target, typeof(GraphWalk)], typeof(GraphWalk).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        EmitShape(il, shape, () => il.Emit(OpCodes.Ldarg_0));
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<TDelegate>();
    }

    private static void EmitShape(ILGenerator il, ReferenceShape shape, Action loadAddress)
    {
        if (shape.InlineLength > 0)
        {
            EmitInlineArray(il, shape, loadAddress);
            return;
        }

        if (shape.Type.IsGenericType
            && shape.Type.GetGenericTypeDefinition() == typeof(ReadOnlySequence<>)
            && shape.Fields is [{ Nested: null, Field: var start }, { Nested: null, Field: var end }])
        {
            il.Emit(OpCodes.Ldarg_1);
            loadAddress();
            il.Emit(OpCodes.Ldfld, start);
            loadAddress();
            il.Emit(OpCodes.Ldfld, end);
            il.Emit(OpCodes.Call, s_reachSegments);
            return;
        }

        foreach (ReferenceField reference in shape.Fields)
        {
            FieldInfo field = reference.Field;
            if (reference.Nested is { } nested)
            {
                EmitShape(il, nested, () =>
                {
                    loadAddress();
                    il.Emit(OpCodes.Ldflda, field);
                });
            }
            else
            {
                il.Emit(OpCodes.Ldarg_1);
                loadAddress();
                il.Emit(OpCodes.Ldfld, field);
                il.Emit(OpCodes.Call, LinkedCollections.IsIndex(field) ? s_reachIndex : s_reach);
            }
        }
    }

    private static MethodInfo Method(string name) =>
        typeof(GraphWalk).GetMethod(name, BindingFlags.Instance | BindingFlags.Public)!;

    // for (i = 0; i < length; i++) { ref var element = ref (first + i * sizeof(element)); … }
    private static void EmitInlineArray(ILGenerator il, ReferenceShape shape, Action loadAddress)
    {
        ReferenceField only = shape.Fields[0];
        LocalBuilder index = il.DeclareLocal(typeof(int));
        LocalBuilder element = il.DeclareLocal(only.Field.FieldType.MakeByRefType());
        Label next = il.DefineLabel();
        il.Emit(OpCodes.Ldc_I4_0);
        il.Emit(OpCodes.Stloc, index);
        il.MarkLabel(next);

        loadAddress();
        il.Emit(OpCodes.Ldflda, only.Field);
        il.Emit(OpCodes.Ldloc, index);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Sizeof, only.Field.FieldType);
        il.Emit(OpCodes.Mul);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, element);

        if (only.Nested is { } nested)
        {
            EmitShape(il, nested, () => il.Emit(OpCodes.Ldloc, element));
        }
        else
        {
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldloc, element);
            il.Emit(OpCodes.Ldind_Ref);
            il.Emit(OpCodes.Call, s_reach);
        }

        il.Emit(OpCodes.Ldloc, index);
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Dup);
        il.Emit(OpCodes.Stloc, index);
        il.Emit(OpCodes.Ldc_I4, shape.InlineLength);
        il.Emit(OpCodes.Blt, next);
    }
}

/// <summary>Hands every reference that lies in an object's own fields to the walk.</summary>
internal delegate void ObjectVisitor(object instance, GraphWalk walk);

/// <summary>Hands every reference that lies in a struct at the given place to the walk.</summary>
internal delegate void ValueVisitor(ref byte value, GraphWalk walk);

/// <summary>A class whose only field lies where the data of every object begins.</summary>
internal sealed class RawData
{
#pragma warning disable CS0649 // Never assigned: no instance of this class exists.
    private byte _first;
#pragma warning restore CS0649

    private RawData()
    {
    }

    /// <summary>The first byte after the method table pointer. Read only.</summary>
    public static ref byte GetReference(object boxed) => ref Unsafe.As<RawData>(boxed)._first;

    /// <summary>The address of what the runtime knows of the object's exact type: the word before the data.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint GetMethodTable(object instance) =>
        Unsafe.As<byte, nint>(ref Unsafe.Subtract(ref GetReference(instance), IntPtr.Size));
}
