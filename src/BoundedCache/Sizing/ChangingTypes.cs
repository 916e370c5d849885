using System.Reflection;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>How the size of a value may change after it was stored.</summary>
internal enum ValueKind : byte
{
    /// <summary>
    /// It cannot: a string, an array of data, an object whose fields are all set once, and such again.
    /// </summary>
    Fixed,

    /// <summary>Other code may change it at any time.</summary>
    Changing,

    /// <summary>A <see cref="System.Threading.Tasks.Task"/>, which has no result before it ends.</summary>
    Task,

    /// <summary>A boxed <see cref="ValueTask{TResult}"/>.</summary>
    ValueTask,

    /// <summary>A <see cref="Lazy{T}"/>, which has no value before it is asked for.</summary>
    Lazy,
}

/// <summary>What is known of how the values of one exact type change.</summary>
internal sealed class ChangingType
{
    /// <summary>How they change.</summary>
    public required ValueKind Kind { get; init; }

    /// <summary>Looks into a task or a lazy; null for other kinds.</summary>
    public UnfinishedProbe? Probe { get; init; }

    /// <summary>Whether a value of the type was seen to change, in any cache of the process.</summary>
    public bool WasSeenToChange { get; set; }
}

/// <summary>
/// Tells the types whose values may change from those whose values cannot. One answer a type, for the whole process.
/// </summary>
/// <remarks>Thread-safe. Never throws, and runs no code of the types. Types are held weakly.</remarks>
internal static class ChangingTypes
{
    private const int RecentTypes = 512;

    private static readonly ConditionalWeakTable<Type, ChangingType> s_types = [];
    private static readonly Recent?[] s_recent = new Recent?[RecentTypes];
    private static readonly ChangingType s_fixed = new() { Kind = ValueKind.Fixed };

    /// <summary>What is known of the value's exact type; <see cref="ValueKind.Fixed"/> for null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ChangingType Get(object? value) =>
        value is null or string || value.GetType() == typeof(byte[]) ? s_fixed : Find(value.GetType());

    /// <summary>Whether a value is a task that runs, or a lazy that is not made, or holds one as its result.</summary>
    /// <param name="value">The value.</param>
    /// <param name="running">The task that it waits for; null where it waits for nothing that ends by itself.</param>
    public static bool IsUnfinished(object? value, out Task? running)
    {
        running = null;
        for (int depth = 0; depth < 8 && value is not null; depth++)
        {
            if (Get(value).Probe is not { } probe)
            {
                return false;
            }

            switch (probe.Look(value, out object? inner))
            {
                case ProbeAnswer.Unfinished:
                    running = inner as Task;
                    return true;
                case ProbeAnswer.Final:
                    return false;
                default:
                    value = inner;
                    break;
            }
        }

        return false;
    }

    private static ChangingType Find(Type type)
    {
        ref Recent? slot = ref s_recent[RuntimeHelpers.GetHashCode(type) & (RecentTypes - 1)];
        if (Volatile.Read(ref slot) is { } recent && ReferenceEquals(recent.Type, type))
        {
            return recent.Known;
        }

        if (!s_types.TryGetValue(type, out ChangingType? known))
        {
            known = s_types.GetOrAdd(type, Learn(type));
        }

        if (!type.IsCollectible)
        {
            // One reference to an immutable pair, so that readers never see a type with the answer of another.
            Volatile.Write(ref slot, new Recent(type, known));
        }

        return known;
    }

    private static ChangingType Learn(Type type)
    {
        // Where objects are not walked, measuring them again would say the same.
        if (!GraphSupport.IsSupported)
        {
            return s_fixed;
        }

        try
        {
            (ValueKind kind, UnfinishedProbe? probe) = UnfinishedProbe.Create(type);
            return new ChangingType
            {
                Kind = kind != ValueKind.Fixed ? kind
                    : IsFixed(type, isExact: true, []) ? ValueKind.Fixed
                    : ValueKind.Changing,
                Probe = probe,
            };
        }
        catch (Exception)
        {
            // A field or base type does not load.
            return new ChangingType { Kind = ValueKind.Changing };
        }
    }

    /// <summary>Whether what the instances of a type keep alive cannot change.</summary>
    /// <param name="type">The type of a value, or of a field.</param>
    /// <param name="isExact">False where instances may be of a derived type.</param>
    /// <param name="asked">
    /// Types whose instances are being looked at: a cycle of fixed types is fixed. Types that may have derived ones are
    /// never among them: what is known of a value's exact type says nothing of these.
    /// </param>
    private static bool IsFixed(Type type, bool isExact, HashSet<Type> asked)
    {
        if (type == typeof(string) || type.IsPrimitive || type.IsEnum || type.IsPointer || type.IsFunctionPointer
            || NotFollowed.Contains(type))
        {
            return true;
        }

        if (type.IsArray)
        {
            Type element = type.GetElementType()!;
            return element.IsValueType && ReferenceShape.From(element) is null;
        }

        return (isExact || type.IsSealed || type.IsValueType)
            && !typeof(Delegate).IsAssignableFrom(type)
            && (!asked.Add(type) || AreFieldsFixed(type, isOuterReadOnly: null, asked));
    }

    /// <param name="type">The type whose fields are asked about.</param>
    /// <param name="isOuterReadOnly">
    /// For a struct in a field: whether that field is read-only. It alone decides: a field that is not gets a new
    /// struct, read-only or not, by one assignment.
    /// </param>
    /// <param name="asked">As for <see cref="IsFixed"/>.</param>
    private static bool AreFieldsFixed(Type type, bool? isOuterReadOnly, HashSet<Type> asked)
    {
        foreach (FieldInfo field in InstanceFields.Get(type))
        {
            Type held = field.FieldType;
            if (held.IsPrimitive || held.IsEnum || held.IsPointer || held.IsFunctionPointer || held.IsByRef
                || NotFollowed.IsFieldSkipped(field) || NotFollowed.Contains(held))
            {
                continue;
            }

            bool isReadOnly = isOuterReadOnly ?? field.IsInitOnly;
            bool isFixed = held.IsValueType
                ? ReferenceShape.From(held) is null || AreFieldsFixed(held, isReadOnly, asked)
                : isReadOnly && IsFixed(held, isExact: false, asked);
            if (!isFixed)
            {
                return false;
            }
        }

        return true;
    }

    private sealed record Recent(Type Type, ChangingType Known);
}
