using System.Buffers;
using System.Collections;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;

namespace BoundedCache.Sizing;

/// <summary>
/// The types whose instances a walk neither follows nor counts: they outlive the value that refers to them.
/// </summary>
internal static class NotFollowed
{
    private static readonly Type[] s_baseTypes =
    [
        typeof(MemberInfo),             // Type and its members: the runtime's, one per process
        typeof(ParameterInfo),          // reflection's caches hang from it
        typeof(Module),                 // the runtime's
        typeof(Assembly),               // the runtime's
        typeof(AssemblyLoadContext),    // holds every assembly it loaded
        typeof(AppDomain),              // there is one
        typeof(CultureInfo),            // cached by name, with megabytes of tables
        typeof(CompareInfo),            // part of a culture
        typeof(TextInfo),               // part of a culture
        typeof(NumberFormatInfo),       // part of a culture
        typeof(DateTimeFormatInfo),     // part of a culture
        typeof(Calendar),               // part of a culture
        typeof(RegionInfo),             // cached by name
        typeof(Encoding),               // shared; reaches provider tables
        typeof(TimeZoneInfo),           // cached by id
        typeof(Thread),                 // the runtime's; reaches the thread's locals
        typeof(TaskScheduler),          // reaches everybody's queued work
        typeof(SynchronizationContext), // belongs to the thread or the request
        typeof(ExecutionContext),       // reaches every async local, so the request
        typeof(TimeProvider),           // a service
        typeof(Timer),                  // the runtime's timer queue hangs from it
        typeof(CancellationTokenSource), // belongs to the canceller; its callbacks reach anything
        typeof(EventSource),            // a process-wide registration
        typeof(EventListener),          // a process-wide registration
        typeof(UriParser),              // one for each scheme
    ];

    private static readonly Type[] s_genericBaseTypes =
    [
        typeof(ArrayPool<>),            // what it keeps is everybody's
        typeof(MemoryPool<>),           // what it keeps is everybody's
    ];

    private static readonly Type[] s_interfaces =
    [
        typeof(IServiceProvider),       // reaches every singleton of the application
        typeof(ITimer),                 // the runtime's timer queue hangs from it
        typeof(IBoundedCache),          // the cache would count itself, or another one
    ];

    // Data whose base class is a service provider only in name: tables, their columns, views and sets.
    private static readonly Type s_data = typeof(MarshalByValueComponent);

    // By name: naming the type would load its assembly, or tie sizing to a package that it must not know.
    private static readonly HashSet<string> s_names = new(StringComparer.Ordinal)
    {
        "System.Text.RegularExpressions.Regex",         // usually static, with compiled code behind it
        "System.Text.Json.JsonSerializerOptions",       // shared; caches the metadata of every type it met
        "System.Text.Json.Serialization.Metadata.JsonTypeInfo", // part of those options
        "System.Threading.CancellationTokenSource+Registrations", // of all who wait for the source
        "System.Threading.CancellationTokenSource+CallbackNode",  // part of these
        "System.Threading.RegisteredWaitHandle",        // the pool's waits hang from it
        "System.Threading.TimerQueueTimer",             // the runtime's timer queue hangs from it
        "System.Net.Http.HttpMessageHandler",           // a connection pool
        "System.Net.Http.HttpMessageInvoker",           // HttpClient: shared
        "System.Net.Http.HttpConnectionBase",           // a response that is not read to its end; leads to the pool
        "System.Diagnostics.ActivitySource",            // a process-wide registration
        "System.Diagnostics.Metrics.Meter",             // a process-wide registration
        "System.Diagnostics.Metrics.Instrument",        // part of a meter
        "System.Collections.Immutable.ImmutableDictionary`2+Comparers", // one for each pair of type arguments
        "System.Collections.Immutable.ImmutableHashSet`1+HashBucketByValueEqualityComparer", // one per type argument
        "System.Collections.Immutable.ImmutableHashSet`1+HashBucketByRefEqualityComparer",   // one per type argument
        "System.Net.Http.Headers.KnownHeader",          // one for each header
        "System.Net.Http.Headers.HttpHeaderParser",     // one for each kind of header
        "System.Xml.Linq.XNamespace",                   // refers to every name in it, of all documents
        "System.Globalization.CultureData",             // part of a culture
        "System.Text.Json.Serialization.JsonConverter", // one for each type
        "Microsoft.EntityFrameworkCore.DbContext",      // lazy-loading entities refer to it; it tracks all the others
    };

    private static readonly HashSet<string> s_interfaceNames = new(StringComparer.Ordinal)
    {
        "Microsoft.Extensions.DependencyInjection.IServiceScopeFactory", // the container
        "Microsoft.Extensions.DependencyInjection.IServiceScope",        // the container
        "Microsoft.Extensions.Logging.ILogger",                          // a service
        "Microsoft.Extensions.Logging.ILoggerFactory",                   // a service
        "Microsoft.EntityFrameworkCore.Diagnostics.IDiagnosticsLogger`1", // a service; lazy loaders refer to it
        "Microsoft.Extensions.Configuration.IConfiguration",             // a service
        "Microsoft.Extensions.Caching.Memory.IMemoryCache",              // the cache would count itself
        "Microsoft.Extensions.Caching.Memory.ICacheEntry",               // the cache would count itself
        "Microsoft.Extensions.Caching.Distributed.IDistributedCache",    // a service
    };

    /// <summary>Whether instances of this class, or of classes derived from it, are left alone.</summary>
    [UnconditionalSuppressMessage(
        "Trimming", "IL2070", Justification = "An interface that was trimmed is one that nothing in the program uses.")]
    public static bool Contains(Type type)
    {
        if (type.IsValueType || type.IsArray || type == typeof(object) || type == typeof(string))
        {
            return false;
        }

        for (Type? t = type; t is not null; t = t.BaseType)
        {
            if (Array.IndexOf(s_baseTypes, t) >= 0
                || (t.IsGenericType && Array.IndexOf(s_genericBaseTypes, t.GetGenericTypeDefinition()) >= 0)
                || (NameOf(t) is { } name && s_names.Contains(name)))
            {
                return true;
            }
        }

        return Array.Exists(s_interfaces, i => i.IsAssignableFrom(type) && !s_data.IsAssignableFrom(type))
            || IsListedByName(type)
            || Array.Exists(type.GetInterfaces(), i => IsListedByName(i) || IsFrameworkComparer(type, i));
    }

    /// <summary>
    /// Whether a value may keep alive what no measurement of it counts: its own type is left alone or cannot be looked
    /// into, or it is a delegate of more than text and data. Runs no code of the value.
    /// </summary>
    public static bool Hides(object value)
    {
        TypeLayout layout = TypeLayouts.Get(value);
        return (value is Delegate && layout.IsDelegate ? HidesTarget((Delegate)value) : layout.IsNotFollowed)
            || layout.IsOpaque
            || (layout.IsLeaf && layout.IsEstimated)
            || (!GraphSupport.IsSupported && layout.VisitElement is not null);
    }

    /// <summary>
    /// Whether an object within a value keeps alive what is not counted and may be the value's own: it is a task that
    /// runs, or a delegate or the captured variables of more than text and data. Runs no code of the object.
    /// </summary>
    public static bool HidesWithin(object target, TypeLayout layout) =>
        layout.IsDelegate ? HidesTarget((Delegate)target)
        : layout.IsClosure ? HidesFields(target.GetType(), isClosure: true, [])
        : target is Task { IsCompleted: false };

    /// <summary>The class of a lambda that captured nothing has no fields.</summary>
    private static bool HidesTarget(Delegate value) =>
        !value.HasSingleTarget
        || (value.Target is { } target && HidesFields(target.GetType(), Closures.IsClosure(target.GetType()), []));

    private static bool HidesFields(Type type, bool isClosure, HashSet<Type> asked) =>
        asked.Add(type) && InstanceFields.Get(type).Any(field =>
            field.FieldType is var held
            && !held.IsPrimitive && !held.IsEnum && !held.IsPointer && !held.IsFunctionPointer && !held.IsByRef
            && (held.IsValueType ? HidesFields(held, isClosure, asked)
                : Closures.IsClosure(held) ? HidesFields(held, isClosure: true, asked)
                : !isClosure || !Closures.IsFollowed(held)));

    /// <summary>Whether a field is left alone although its type says nothing.</summary>
    public static bool IsFieldSkipped(FieldInfo field) =>
        // The table of one thread: it leads to what that thread has in all other ThreadLocals, and ConcurrentBags.
        (field.Name == "_slotArray" && IsThreadLocalSlot(field.DeclaringType!)) ||
        // What waits for a task belongs to who waits; and once the task is complete, this is a shared marker object.
        (field.DeclaringType == typeof(Task) && field.Name == "m_continuationObject") ||
        // The end of a line: mostly the one that all writers share, and two small objects at most.
        (field.Name is "CoreNewLine" or "CoreNewLineStr" && field.DeclaringType == typeof(TextWriter)) ||
        // The proxy of an entity refers to a part of EF's model, and that to all of it. A model that is a value counts.
        (field.FieldType.FullName == "Microsoft.EntityFrameworkCore.Metadata.IEntityType"
            && field.DeclaringType!.Namespace == "Microsoft.EntityFrameworkCore.Proxies.Internal") ||
        // The object whose async method or iterator this is: a service as likely as a record.
        field.Name == "<>4__this";

    private static bool IsThreadLocalSlot(Type type) =>
        type.Assembly == typeof(object).Assembly && type.DeclaringType == typeof(ThreadLocal<>);

    private static bool IsListedByName(Type type) =>
        type.IsInterface && NameOf(type) is { } name && s_interfaceNames.Contains(name);

    private static string? NameOf(Type type) =>
        (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName;

    // Those that derive from StringComparer, EqualityComparer<T> or Comparer<T>, and the internal ones of
    // Dictionary<string, …>, which do not. A user's own comparer, which may well carry data, is followed, whatever it
    // derives from. So a field of an abstract type is followed: it may hold either.
    private static bool IsFrameworkComparer(Type type, Type implemented) =>
        type is { IsAbstract: false, Namespace: "System" or "System.Collections" or "System.Collections.Generic" }
        && type.Assembly == typeof(object).Assembly
        && (implemented == typeof(IEqualityComparer) || implemented == typeof(IComparer)
            || (implemented.IsGenericType
                && implemented.GetGenericTypeDefinition() is var definition
                && (definition == typeof(IEqualityComparer<>) || definition == typeof(IComparer<>))));
}
