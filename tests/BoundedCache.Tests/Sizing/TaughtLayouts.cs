using System.Reflection;
using System.Runtime.CompilerServices;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>Gives types layouts that the process would not learn by itself.</summary>
internal static class TaughtLayouts
{
    private static readonly ConditionalWeakTable<Type, TypeLayout> s_layouts =
        (ConditionalWeakTable<Type, TypeLayout>)typeof(TypeLayouts)
            .GetField("s_layouts", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;

    /// <summary>To be called once per type, before an instance is measured.</summary>
    public static void Teach(Type type, TypeLayout layout) => s_layouts.Add(type, layout);
}
