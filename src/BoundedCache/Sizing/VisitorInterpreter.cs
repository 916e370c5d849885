using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>Visits by reflection, for runtimes that cannot generate code. Slow: it boxes every struct on its way.</summary>
internal static class VisitorInterpreter
{
    public static ObjectVisitor ForClass(ReferenceShape shape) => (instance, walk) => Visit(instance, shape, walk);

    public static ValueVisitor ForStruct(ReferenceShape shape) =>
        (ref byte value, GraphWalk walk) => VisitAt(ref value, shape, walk);

    private static void Visit(object container, ReferenceShape shape, GraphWalk walk)
    {
        if (Nullable.GetUnderlyingType(shape.Type) is not null)
        {
            shape = shape.Fields[0].Nested!; // Boxed, a Nullable<T> is a T.
        }

        if (shape.InlineLength > 0)
        {
            VisitInlineArray(container, shape, walk);
            return;
        }

        foreach (ReferenceField reference in shape.Fields)
        {
            object? content = reference.Field.GetValue(container);
            if (reference.Nested is not { } nested)
            {
                walk.Reach(content);
            }
            else if (content is not null)
            {
                Visit(content, nested, walk);
            }
        }
    }

    private static void VisitAt(ref byte value, ReferenceShape shape, GraphWalk walk)
    {
        object? boxed = RuntimeHelpers.Box(ref value, shape.Type.TypeHandle);
        if (boxed is not null)
        {
            Visit(boxed, shape, walk);
        }
    }

    private static void VisitInlineArray(object container, ReferenceShape shape, GraphWalk walk)
    {
        ReferenceField only = shape.Fields[0];
        int size = ObjectSize.OfSlot(only.Field.FieldType);
        for (int i = 0; i < shape.InlineLength; i++)
        {
            ref byte element = ref Unsafe.Add(ref RawData.Of(container), i * size);
            if (only.Nested is { } nested)
            {
                VisitAt(ref element, nested, walk);
            }
            else
            {
                walk.Reach(Unsafe.As<byte, object?>(ref element));
            }
        }
    }
}
