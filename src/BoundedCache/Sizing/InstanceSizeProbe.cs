using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>
/// Finds how large the instances of a class are, by allocating one and reading the thread's allocation count.
/// </summary>
/// <remarks>
/// <para>The count is exact to the byte. The smallest of a few probes is taken, because the runtime may also fill
/// caches of its own in the first.</para>
/// <para>A class without a finalizer is probed with a shallow copy of the instance at hand: that runs no code of the
/// class, not even its static constructor, which may throw. A class with a finalizer is not copied, for the copy would
/// share the original's handles, and the collector frees a dead <see cref="WeakReference"/>'s handle even if its
/// finalization was suppressed. Such a class is probed with a zeroed instance, whose finalization is suppressed at
/// once. Weak references themselves bear not even that, as the collector would free a handle that is zero and crash;
/// they are probed with a real one.</para>
/// </remarks>
internal static class InstanceSizeProbe
{
    private const int Probes = 3;

    /// <summary>The bytes of one instance, or false where the runtime refuses to allocate one.</summary>
    public static bool TryMeasure(object instance, out long bytes)
    {
        bytes = long.MaxValue;
        try
        {
            Type type = instance.GetType();
            bool finalizable = HasFinalizer(type);
            for (int i = 0; i < Probes; i++)
            {
                bytes = Math.Min(bytes, finalizable ? ProbeZeroed(type) : ProbeCopy(instance));
            }
        }
        catch (Exception)
        {
            // An abstract or otherwise special type, or a static constructor that throws.
            return false;
        }

        return bytes >= ObjectSize.Minimum && bytes == ObjectSize.Align(bytes);
    }

    private static long ProbeCopy(object instance)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        object probe = Copy(instance);
        long after = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(probe);
        return after - before;
    }

    [UnconditionalSuppressMessage(
        "Trimming", "IL2067", Justification = "No constructor is called; the type is that of an instance.")]
    private static long ProbeZeroed(Type type)
    {
        if (type == typeof(WeakReference)
            || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(WeakReference<>)))
        {
            return ProbeWeakReference();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        object probe = RuntimeHelpers.GetUninitializedObject(type);
#pragma warning disable CA1816 // Not a Dispose: the finalizer must never see an object that no constructor has.
        GC.SuppressFinalize(probe);
#pragma warning restore CA1816
        long after = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(probe);
        return after - before;
    }

    private static long ProbeWeakReference()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        object probe = new WeakReference(null);
        long after = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(probe);
        return after - before;
    }

    [UnconditionalSuppressMessage(
        "Trimming", "IL2070", Justification = "The trimmer keeps the finalizer of a type that has instances.")]
    [UnconditionalSuppressMessage(
        "Trimming", "IL2075", Justification = "The trimmer keeps the finalizer of a type that has instances.")]
    private static bool HasFinalizer(Type type)
    {
        const BindingFlags Declared =
            BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;
        for (Type? t = type; t is not null && t != typeof(object); t = t.BaseType)
        {
            foreach (MemberInfo member in t.GetMember("Finalize", MemberTypes.Method, Declared))
            {
                if (member is MethodInfo { IsVirtual: true } method && method.GetParameters().Length == 0)
                {
                    return true;
                }
            }
        }

        return false;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "MemberwiseClone")]
    private static extern object Copy(object instance);
}
