using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>Hands every reference that lies in an object's own fields to the walk.</summary>
internal delegate void ObjectVisitor(object instance, GraphWalk walk);

/// <summary>Hands every reference that lies in a struct at the given place to the walk.</summary>
internal delegate void ValueVisitor(ref byte value, GraphWalk walk);

/// <summary>Where visitors come from: compiled, or interpreted where code cannot be generated.</summary>
internal static class ReferenceVisitors
{
    public static ObjectVisitor ForClass(ReferenceShape shape) =>
        RuntimeFeature.IsDynamicCodeSupported ? VisitorCompiler.ForClass(shape) : VisitorInterpreter.ForClass(shape);

    public static ValueVisitor ForStruct(ReferenceShape shape) =>
        RuntimeFeature.IsDynamicCodeSupported ? VisitorCompiler.ForStruct(shape) : VisitorInterpreter.ForStruct(shape);

    /// <summary>The visitor of a boxed struct.</summary>
    public static ObjectVisitor ForBoxed(ReferenceShape shape)
    {
        ValueVisitor visit = ForStruct(shape);
        return (boxed, walk) => visit(ref RawData.Of(boxed), walk);
    }
}
