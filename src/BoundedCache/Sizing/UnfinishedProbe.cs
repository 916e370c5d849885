using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace BoundedCache.Sizing;

/// <summary>What a look into a task or a lazy found.</summary>
internal enum ProbeAnswer
{
    /// <summary>It has no result yet.</summary>
    Unfinished,

    /// <summary>It ended with a result, which may be unfinished itself.</summary>
    Result,

    /// <summary>It ended, and nothing in it is to come: it failed, was cancelled, or nothing can be told.</summary>
    Final,
}

/// <summary>
/// Looks into the tasks or lazies of one type, without running their code. They are asked by their own properties
/// that only read, never for a value that is not there.
/// </summary>
internal abstract class UnfinishedProbe
{
    /// <summary>The kind of a type, and the probe for it; <see cref="ValueKind.Fixed"/> for other types.</summary>
    [RequiresDynamicCode(VisitorCompiler.Reason)]
    [UnconditionalSuppressMessage(
        "Trimming", "IL2055", Justification = "The probes ask nothing of their type argument.")]
    [UnconditionalSuppressMessage(
        "Trimming", "IL2071", Justification = "The probes ask nothing of their type argument.")]
    public static (ValueKind Kind, UnfinishedProbe? Probe) Create(Type type)
    {
        for (Type? t = type; t is not null; t = t.BaseType)
        {
            Type? definition = t.IsGenericType ? t.GetGenericTypeDefinition() : null;
            Type? probe = definition == typeof(Lazy<>) ? typeof(LazyProbe<>)
                : definition == typeof(Task<>) ? typeof(TaskProbe<>)
                : definition == typeof(ValueTask<>) ? typeof(ValueTaskProbe<>)
                : null;
            if (probe is not null)
            {
                var made = (UnfinishedProbe)Activator.CreateInstance(
                    probe.MakeGenericType(t.GenericTypeArguments))!;
                return (made.Kind, made);
            }

            if (t == typeof(Task))
            {
                return (ValueKind.Task, new PlainTaskProbe());
            }
        }

        return (ValueKind.Fixed, null);
    }

    /// <summary>The kind of value that this looks into.</summary>
    protected abstract ValueKind Kind { get; }

    /// <summary>Looks into a value.</summary>
    /// <param name="value">The value, of the probe's type.</param>
    /// <param name="inner">
    /// The running task of an unfinished one, if there is one; the result of one that ended.
    /// </param>
    public abstract ProbeAnswer Look(object value, out object? inner);

    private sealed class PlainTaskProbe : UnfinishedProbe
    {
        protected override ValueKind Kind => ValueKind.Task;

        public override ProbeAnswer Look(object value, out object? inner)
        {
            inner = value;
            return ((Task)value).IsCompleted ? ProbeAnswer.Final : ProbeAnswer.Unfinished;
        }
    }

    private sealed class TaskProbe<T> : UnfinishedProbe
    {
        protected override ValueKind Kind => ValueKind.Task;

        public override ProbeAnswer Look(object value, out object? inner)
        {
            var task = (Task<T>)value;
            inner = task;
            if (!task.IsCompleted)
            {
                return ProbeAnswer.Unfinished;
            }

            if (!task.IsCompletedSuccessfully)
            {
                return ProbeAnswer.Final;
            }

            inner = task.Result;
            return ProbeAnswer.Result;
        }
    }

    /// <summary>Only a task in it can be waited for: a source of values is somebody's code.</summary>
    private sealed class ValueTaskProbe<T> : UnfinishedProbe
    {
        private static readonly FieldInfo? s_source = Array.Find(
            InstanceFields.DeclaredBy(typeof(ValueTask<T>)), static field => field.Name == "_obj");

        protected override ValueKind Kind => ValueKind.ValueTask;

        public override ProbeAnswer Look(object value, out object? inner)
        {
            inner = s_source?.GetValue(value) as Task<T>;
            return inner is null ? ProbeAnswer.Final : ProbeAnswer.Result;
        }
    }

    // The attribute is that of Lazy's own argument; nothing is created here.
    private sealed class LazyProbe<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T> : UnfinishedProbe
    {
        // A lazy whose factory threw is never made, and keeps the exception.
        private static readonly PropertyInfo? s_isFaulted = typeof(Lazy<T>).GetProperty(
            "IsValueFaulted", BindingFlags.Instance | BindingFlags.NonPublic);

        protected override ValueKind Kind => ValueKind.Lazy;

        public override ProbeAnswer Look(object value, out object? inner)
        {
            var lazy = (Lazy<T>)value;
            inner = null;
            if (lazy.IsValueCreated)
            {
                inner = lazy.Value;
                return ProbeAnswer.Result;
            }

            return s_isFaulted?.GetValue(lazy) is true ? ProbeAnswer.Final : ProbeAnswer.Unfinished;
        }
    }
}
