using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>
/// Where the references lie in the instances of a type: in its reference fields, and in its fields of structs with
/// references.
/// </summary>
/// <param name="Type">The class or struct.</param>
/// <param name="Fields">Its fields with references, inherited private ones included; nothing else.</param>
/// <param name="InlineLength">
/// How often the only field repeats in a struct marked <see cref="InlineArrayAttribute"/>; 0 for all others.
/// </param>
internal sealed record ReferenceShape(Type Type, IReadOnlyList<ReferenceField> Fields, int InlineLength)
{
    /// <summary>The shape of a class or struct, or null if its instances hold no reference that is followed.</summary>
    public static ReferenceShape? From(Type type) => From(type, Closures.IsClosure(type));

    private static ReferenceShape? From(Type type, bool isCaptured)
    {
        if (type.IsPrimitive || type.IsEnum || type.IsPointer || type.IsFunctionPointer)
        {
            return null; // A primitive has a field of its own type; a pointer does not lead to managed objects.
        }

        var fields = new List<ReferenceField>();
        foreach (FieldInfo field in InstanceFields.Get(type))
        {
            Add(fields, field, isCaptured);
        }

        if (fields.Count == 0)
        {
            return null;
        }

        int repeat = type.IsValueType ? type.GetCustomAttribute<InlineArrayAttribute>(inherit: false)?.Length ?? 0 : 0;
        return new ReferenceShape(type, fields, repeat);
    }

    private static void Add(List<ReferenceField> fields, FieldInfo field, bool isCaptured)
    {
        Type type = field.FieldType;
        if (type.IsPointer || type.IsFunctionPointer || type.IsByRef || NotFollowed.IsFieldSkipped(field))
        {
            return;
        }

        if (!type.IsValueType)
        {
            if (!NotFollowed.Contains(type) && (!isCaptured || Closures.IsFollowed(type)))
            {
                fields.Add(new ReferenceField(field, null));
            }
        }
        else if (From(type, isCaptured || Closures.IsClosure(type)) is { } nested)
        {
            fields.Add(new ReferenceField(field, nested));
        }
    }
}

/// <summary>
/// A field that holds a reference or, where <paramref name="Nested"/> is set, a struct with references.
/// </summary>
internal sealed record ReferenceField(FieldInfo Field, ReferenceShape? Nested);

/// <summary>
/// The fields that the instances of a type consist of, private ones and those of base types included.
/// </summary>
internal static class InstanceFields
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static IEnumerable<FieldInfo> Get(Type type)
    {
        for (Type? t = type; t is not null; t = t.BaseType)
        {
            foreach (FieldInfo field in DeclaredBy(t))
            {
                yield return field;
            }
        }
    }

    [UnconditionalSuppressMessage(
        "Trimming",
        "IL2070",
        Justification = "A field that was trimmed is not in the instances either; and native AOT asks "
            + "for no fields, see GraphSupport.")]
    public static FieldInfo[] DeclaredBy(Type type) => type.GetFields(Declared);
}

/// <summary>
/// Decides how much of what a lambda captured belongs to the value that holds its delegate, and of the variables of an
/// async method to the task that runs it.
/// </summary>
/// <remarks>
/// A value that holds the delegate of a lambda (such as a <see cref="Lazy{T}"/> that has no value yet) owns the
/// delegate and the object with the captured variables. Most of what these refer to is shared: <c>this</c>, services,
/// the request. A field's type does not tell a service from a record, so only text and arrays of data are counted. The
/// target of a delegate that is not a lambda's is not counted either. The variables of an async method, which a task
/// keeps while it runs, are treated in the same way.
/// </remarks>
internal static class Closures
{
    // The C# compiler names the class of captured variables so; the name is not valid in C# itself.
    private const string ClassPrefix = "<>c__DisplayClass";

    /// <summary>Whether instances hold the captured variables of lambdas, or those of an async method.</summary>
    public static bool IsClosure(Type type) =>
        type.Name.StartsWith(ClassPrefix, StringComparison.Ordinal)
        || (!type.IsInterface && typeof(IAsyncStateMachine).IsAssignableFrom(type));

    /// <summary>Whether this is the delegate of a single lambda that captured something.</summary>
    public static bool IsOver(object instance) =>
        instance is Delegate { HasSingleTarget: true, Target: { } target }
        && (TypeLayouts.TryGetRecent(target)?.IsClosure ?? IsClosure(target.GetType()));

    /// <summary>
    /// Whether a captured variable of this type is followed: text, arrays of data, and further lambdas.
    /// </summary>
    public static bool IsFollowed(Type captured) =>
        IsData(captured) || typeof(Delegate).IsAssignableFrom(captured) || IsClosure(captured);

    private static bool IsData(Type type) =>
        type == typeof(string)
        || (type.IsArray
            && type.GetElementType()! is var element
            && (element.IsValueType ? ReferenceShape.From(element) is null : IsData(element)));
}
