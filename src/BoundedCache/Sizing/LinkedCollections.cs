using System.Reflection;

namespace BoundedCache.Sizing;

/// <summary>The framework's collections of linked nodes, and the fields that hold their number of nodes.</summary>
/// <remarks>
/// An array has a length to which a part of it can be scaled. A chain or tree of nodes has none until all of it has
/// been walked. A linked structure that is not listed here is counted up to
/// <see cref="GraphBounds.MaxLinkedObjects"/>.
/// </remarks>
internal static class LinkedCollections
{
    private static readonly Dictionary<string, string> s_countFields = new(StringComparer.Ordinal)
    {
        ["System.Collections.Generic.LinkedList`1"] = "count",
        ["System.Collections.Generic.SortedSet`1"] = "count",
        ["System.Collections.Immutable.ImmutableList`1+Node"] = "_count",
        ["System.Collections.Immutable.ImmutableSortedSet`1+Node"] = "_count",
        ["System.Collections.Immutable.ImmutableSortedDictionary`2"] = "_count",
        ["System.Collections.Immutable.ImmutableDictionary`2"] = "_count",
        ["System.Collections.Immutable.ImmutableHashSet`1"] = "_count",
        ["System.Collections.Immutable.ImmutableDictionary`2+Builder"] = "_count",
        ["System.Collections.Immutable.ImmutableHashSet`1+Builder"] = "_count",
        ["System.Collections.Immutable.ImmutableSortedDictionary`2+Builder"] = "_count",
        ["System.Collections.Specialized.ListDictionary"] = "count",
        ["System.Linq.Lookup`2"] = "_count",
    };

    private static readonly HashSet<string> s_nodes = new(StringComparer.Ordinal)
    {
        "System.Collections.Generic.LinkedListNode`1",
        "System.Collections.Generic.SortedSet`1+Node",
        "System.Collections.Immutable.ImmutableList`1+Node",
        "System.Collections.Immutable.ImmutableSortedSet`1+Node",
        "System.Collections.Immutable.ImmutableSortedDictionary`2+Node",
        "System.Collections.Immutable.SortedInt32KeyNode`1",
        "System.Collections.Specialized.ListDictionary+DictionaryNode",
        "System.Linq.Grouping`2",
    };

    // By declaring type and name. What these lead to is what another field of the same object leads to.
    private static readonly HashSet<(string, string)> s_indexes =
    [
        ("System.Linq.Lookup`2", "_groupings"),
        ("System.Collections.Specialized.OrderedDictionary", "_objectsTable"),
        ("System.Collections.Specialized.NameObjectCollectionBase", "_entriesTable"),
    ];

    /// <summary>Whether the field's object only finds elements which the collection also keeps elsewhere.</summary>
    public static bool IsIndex(FieldInfo field) =>
        NameOf(field.DeclaringType!) is { } name && s_indexes.Contains((name, field.Name));

    public static bool IsNode(Type type) => NameOf(type) is { } name && s_nodes.Contains(name);

    /// <summary>
    /// The field, or null if the type or its base types are not listed or the field has another name by now.
    /// </summary>
    public static FieldInfo? NodeCountOf(Type type)
    {
        if (NameOf(type) == "System.Collections.Generic.SortedSet`1+TreeSubSet")
        {
            // A view of a part: its count is 0 until somebody asks for it.
            return null;
        }

        for (Type? t = type; t is not null; t = t.BaseType)
        {
            if (NameOf(t) is { } name && s_countFields.TryGetValue(name, out string? field))
            {
                FieldInfo? found = Array.Find(InstanceFields.DeclaredBy(t), candidate => candidate.Name == field);
                return found?.FieldType == typeof(int) ? found : null;
            }
        }

        return null;
    }

    private static string? NameOf(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName;
}
