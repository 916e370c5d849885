using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Reflection;

namespace BoundedCache.Sizing;

/// <summary>
/// Objects that the framework has in static fields, of types that also have instances of the application's own: they
/// belong to no value.
/// </summary>
/// <remarks>Compared for each measured object of the type, so only where they are few.</remarks>
internal static class SharedInstances
{
    private const BindingFlags AnyStatic =
        BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // In fields of the type itself.
    private static readonly HashSet<string> s_own = new(StringComparer.Ordinal)
    {
        "System.DBNull",
        "System.Reflection.Missing",
        "System.Net.Http.HttpMethod",
        "System.Collections.ObjectModel.ReadOnlyCollection`1",
        "System.Collections.ObjectModel.ReadOnlyDictionary`2",
    };

    /// <summary>The instances of the type that the framework shares; null for none that is known.</summary>
    [UnconditionalSuppressMessage(
        "Trimming", "IL2070", Justification = "A field that was trimmed holds nothing that could be shared.")]
    [UnconditionalSuppressMessage(
        "Trimming", "IL2075", Justification = "A field that was trimmed holds nothing that could be shared.")]
    public static object[]? From(Type type)
    {
        if (HolderOf(type) is not { } holder)
        {
            return null;
        }

        object[] shared = [.. holder.GetFields(AnyStatic)
            .Where(field => field.FieldType.IsAssignableFrom(type) && field.FieldType != typeof(object))
            .Select(static field => field.GetValue(null))
            .OfType<object>()
            .Where(value => value.GetType() == type)];
        return shared.Length > 0 ? shared : null;
    }

    /// <summary>The type with the static fields.</summary>
    private static Type? HolderOf(Type type)
    {
        string? name = (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName;
        return name is null ? null
            : type == typeof(Version) ? typeof(HttpVersion)
            : type.Namespace == "System.Collections.Immutable" || s_own.Contains(name) ? type
            : name is "System.Net.IPAddress+ReadOnlyIPAddress" or "System.IO.Stream+NullStream" ? type.BaseType
            : null;
    }
}
