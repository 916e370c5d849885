using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace BoundedCache.Sizing;

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
