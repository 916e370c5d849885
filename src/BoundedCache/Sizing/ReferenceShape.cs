using System.Reflection;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>
/// Where the references lie in the instances of a type: its reference fields, and its structs that have some.
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
            return null; // A primitive has a field of its own type; a pointer's target is not the collector's.
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
        else if (From(type, isCaptured) is { } nested)
        {
            fields.Add(new ReferenceField(field, nested));
        }
    }
}

/// <summary>
/// A field that holds a reference or, where <paramref name="Nested"/> is set, a struct with references.
/// </summary>
internal sealed record ReferenceField(FieldInfo Field, ReferenceShape? Nested);
