using System.Reflection;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>
/// What the walk needs of one exact type: the size of its instances and how to visit their references.
/// </summary>
internal sealed class TypeLayout
{
    /// <summary>
    /// Where the runtime keeps the type, as <see cref="RawData.GetMethodTable"/> says; 0 for a collectible type.
    /// </summary>
    public nint MethodTable { get; set; }

    /// <summary>Instances are neither counted nor followed; see <see cref="NotFollowed"/>.</summary>
    public bool IsNotFollowed { get; init; }

    /// <summary>Instances are delegates, of which only some are counted; see <see cref="Closures"/>.</summary>
    public bool IsDelegate { get; init; }

    /// <summary>Instances hold captured variables of lambdas.</summary>
    public bool IsClosure { get; init; }

    /// <summary>The bytes of an instance, or of an array or string before its elements.</summary>
    public long BaseBytes { get; init; }

    /// <summary>The bytes of one array element or character; 0 where all instances have the same size.</summary>
    public int ElementBytes { get; init; }

    /// <summary>
    /// The size or the references could not be learned, so that a measurement over it is an estimate.
    /// </summary>
    public bool IsEstimated { get; init; }

    /// <summary>
    /// Instances may hold references that this process cannot look at; see <see cref="GraphSupport"/>.
    /// </summary>
    public bool IsOpaque { get; init; }

    /// <summary>Visits the references of an instance that is no array; null if there are none.</summary>
    public ObjectVisitor? VisitFields { get; init; }

    /// <summary>
    /// Visits the references of one element; null if this is no array, or of elements without references.
    /// </summary>
    public ValueVisitor? VisitElement { get; init; }

    /// <summary>The field with the number of nodes, if this is a linked collection of the framework.</summary>
    public FieldInfo? NodeCount { get; init; }

    /// <summary>Instances are nodes of a linked collection of the framework.</summary>
    public bool IsNode { get; init; }

    /// <summary>How to read the chain, if instances are segments of a sequence.</summary>
    public SegmentChain? Segments { get; init; }

    /// <summary>The instances of the type that the framework shares; or null. See <see cref="Sizing.SharedInstances"/>.
    /// </summary>
    public object[]? SharedInstances { get; init; }

    /// <summary>Instances have no references to visit.</summary>
    public bool IsLeaf => VisitFields is null && VisitElement is null;

    /// <summary>The bytes of this instance alone, in constant time.</summary>
    public long SizeOf(object instance)
    {
        if (ElementBytes == 0)
        {
            return BaseBytes;
        }

        return Math.Max(ObjectSize.Minimum, ObjectSize.Align(BaseBytes + (LengthOf(instance) * ElementBytes)));
    }

    /// <summary>Whether an object within a graph is shared by all, and so does not belong to the value.</summary>
    /// <remarks>
    /// There is one empty string. Empty arrays are nearly always shared too: that of <see cref="Array.Empty{T}"/>, or
    /// of <see cref="List{T}"/>. Where they are not, 24 bytes each are left out.
    /// </remarks>
    public bool IsShared(object instance) =>
        ElementBytes != 0 ? LengthOf(instance) == 0 : SharedInstances is { } shared && Contains(shared, instance);

    private static bool Contains(object[] shared, object instance)
    {
        foreach (object one in shared)
        {
            if (ReferenceEquals(one, instance))
            {
                return true;
            }
        }

        return false;
    }

    private static long LengthOf(object instance) =>
        instance is string text ? text.Length : Unsafe.As<Array>(instance).LongLength;
}
