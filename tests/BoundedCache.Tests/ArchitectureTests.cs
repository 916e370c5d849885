using System.Reflection;
using System.Reflection.Emit;
using BoundedCache.Bytes;
using BoundedCache.Engine;
using BoundedCache.Hosting;
using BoundedCache.Process;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Tests;

/// <summary>
/// Which parts may use which. A room is a folder and namespace of the library, <c>BoundedCache.X</c>. Uses are searched
/// in base types, fields, signatures and method bodies.
/// </summary>
public sealed class ArchitectureTests
{
    private const string Hosting = nameof(Hosting);

    /// <summary>
    /// For each room the rooms that it may use. Only Hosting may use the caches' classes, registration and registry;
    /// every room may use the public data types.
    /// </summary>
    private static readonly Dictionary<string, string[]> s_rooms = new()
    {
        [Hosting] = ["Diagnostics", "Process"],
        ["Entries"] = ["Diagnostics", "Report", "Engine", "Sizing", "Process"],
        ["Release"] = ["Pacing", "Report", "Engine", "Process"],
        ["Pacing"] = ["Process"],
        ["Report"] = ["Process"],
        ["Diagnostics"] = [],
        ["Bytes"] = ["Engine"],
        ["Engine"] = [],
        ["Sizing"] = [],
        ["Process"] = [],
    };

    private static readonly Type[] s_caches = [typeof(BoundedMemoryCache), typeof(BoundedByteCache)];

    /// <summary>The public types that may use rooms, and which. All others are data.</summary>
    private static readonly Dictionary<Type, string[]> s_fronts = new()
    {
        [typeof(BoundedMemoryCache)] =
            ["Entries", "Release", "Pacing", "Report", "Diagnostics", "Engine", "Sizing", "Process"],
        [typeof(BoundedMemoryCacheOptions)] = ["Process"],
        [typeof(BoundedByteCache)] =
            ["Bytes", "Entries", "Release", "Pacing", "Diagnostics", "Engine", "Process"],
        [typeof(BoundedByteCacheOptions)] = ["Process"],
        [typeof(BoundedCacheEntryExtensions)] = ["Entries"],
        [typeof(MemoryReport)] = ["Entries", "Report"],
        [typeof(MemoryReportRow)] = ["Report"],
        [typeof(ProcessMemorySnapshot)] = ["Process"],
        [typeof(ByteSize)] = ["Process"],
    };

    private static readonly Dictionary<int, OpCode> s_codes = typeof(OpCodes).GetFields()
        .Select(static field => (OpCode)field.GetValue(null)!)
        .ToDictionary(static code => code.Value & 0xFFFF);

    private static readonly (Type User, Type Used)[] s_uses =
    [
        .. typeof(BoundedMemoryCache).Assembly.GetTypes()
            .Where(static type => RoomOf(type) is not null)
            .SelectMany(static type => UsesOf(type).Select(used => (User: Outermost(type), Used: Outermost(used))))
            .Where(static use => RoomOf(use.Used) is not null && use.User != use.Used)
            .Distinct(),
    ];

    [Fact]
    public void Rooms_and_public_types_use_only_what_they_may()
    {
        string[] violations = FindViolations(s_uses);

        Assert.True(violations.Length == 0, string.Join('\n', violations));
    }

    /// <summary>A made table of uses: without it nobody knows that a forbidden one would be found.</summary>
    [Fact]
    public void A_use_that_is_not_allowed_is_a_violation()
    {
        (Type User, Type Used)[] allowed =
        [
            (typeof(CacheEngine), typeof(EntryTotals)),
            (typeof(CacheEngine), typeof(SlotStore)),
            (typeof(ByteEngine), typeof(EngineLock)),
            (typeof(BoundedMemoryCache), typeof(CacheEngine)),
            (typeof(BoundedByteCache), typeof(ByteEngine)),
            (typeof(ByteSize), typeof(ProcessMemory)),
            (typeof(ByteCacheSources), typeof(BoundedByteCache)),
            (typeof(BoundedMemoryCacheRegistry), typeof(BoundedMemoryCache)),
            (typeof(BoundedByteCacheServiceCollectionExtensions), typeof(ByteCacheRegistration)),
        ];
        (Type User, Type Used)[] forbidden =
        [
            // A room knows no cache class, no registration, and no room that it has no arrow to.
            (typeof(CacheEngine), typeof(BoundedMemoryCache)),
            (typeof(ByteEngine), typeof(BoundedByteCache)),
            (typeof(CacheEngine), typeof(BoundedMemoryCacheRegistry)),
            (typeof(CacheEngine), typeof(ByteEngine)),
            (typeof(CacheEngine), typeof(ProcessMemory)),
            // Public types: data uses no room, a cache only those below it, and neither cache the other.
            (typeof(ShrinkReport), typeof(CacheEngine)),
            (typeof(ByteSize), typeof(CacheEngine)),
            (typeof(BoundedMemoryCache), typeof(ByteEngine)),
            (typeof(BoundedByteCache), typeof(ByteCacheSources)),
            (typeof(BoundedByteCache), typeof(BoundedMemoryCache)),
            // Registration makes caches; their parts are not its business.
            (typeof(ByteCacheSources), typeof(ByteEngine)),
            (typeof(BoundedMemoryCacheServiceCollectionExtensions), typeof(CacheEngine)),
            (typeof(BoundedByteCacheServiceCollectionExtensions), typeof(ByteEngine)),
        ];

        Assert.Equal(forbidden.Select(Text).Order(), FindViolations([.. allowed, .. forbidden]));
    }

    [Fact]
    public void Every_class_of_extension_methods_for_registration_is_checked() => Assert.All(
        typeof(BoundedMemoryCache).Assembly.GetExportedTypes()
            .Where(static type => type.Namespace!.StartsWith("Microsoft.", StringComparison.Ordinal)),
        static type =>
        {
            Assert.Equal(Hosting, RoomOf(type));
            Assert.Contains(s_uses, use => use.User == type);
        });

    [Fact]
    public void No_two_rooms_use_each_other()
    {
        Dictionary<(string, string), string> arrows = s_uses
            .Where(static use => RoomOf(use.User) != RoomOf(use.Used))
            .Where(static use => RoomOf(use.User) != "" && RoomOf(use.Used) != "")
            .GroupBy(static use => (RoomOf(use.User)!, RoomOf(use.Used)!))
            .ToDictionary(static arrow => arrow.Key, static arrow => Text(arrow.First()));
        string[] circles =
        [
            .. arrows.Where(arrow => arrows.ContainsKey((arrow.Key.Item2, arrow.Key.Item1)))
                .Select(static arrow => arrow.Value)
                .Order(),
        ];

        Assert.True(circles.Length == 0, string.Join('\n', circles));
    }

    [Fact]
    public void Every_room_has_its_arrows() => Assert.Equal(
        s_rooms.Keys.Order(),
        typeof(BoundedMemoryCache).Assembly.GetTypes().Select(RoomOf).Where(static room => room is { Length: > 0 })
            .Distinct().Order());

    [Fact]
    public void A_use_within_a_method_is_found()
    {
        Type[] uses =
        [
            .. UsesOf(typeof(Example)),
            .. typeof(Example).GetNestedTypes(BindingFlags.NonPublic).SelectMany(UsesOf),
        ];

        Assert.Contains(typeof(DataSet), uses);
        Assert.Contains(typeof(Uri), uses);
        Assert.Contains(typeof(Version), uses);
        Assert.Contains(typeof(InvalidTimeZoneException), uses);
        Assert.DoesNotContain(typeof(Guid), uses);
    }

    private static string[] FindViolations(IEnumerable<(Type User, Type Used)> uses) =>
        [.. uses.Where(static use => !IsAllowed(use.User, use.Used)).Select(Text).Order()];

    private static bool IsAllowed(Type user, Type used)
    {
        (string from, string to) = (RoomOf(user)!, RoomOf(used)!);
        if (to.Length == 0)
        {
            return from == Hosting || !s_caches.Contains(used);
        }

        return from == to
            || (from.Length == 0 ? s_fronts.GetValueOrDefault(user, []) : s_rooms.GetValueOrDefault(from, []))
                .Contains(to);
    }

    /// <summary>
    /// A type's room; empty for public types, null for generated types and types outside the library.
    /// </summary>
    private static string? RoomOf(Type type)
    {
        Type outer = Outermost(type);
        if (outer.Assembly != typeof(BoundedMemoryCache).Assembly)
        {
            return null;
        }

        string space = outer.Namespace ?? "";
        if (outer == typeof(BoundedMemoryCacheRegistry)
            || space == typeof(BoundedMemoryCacheServiceCollectionExtensions).Namespace)
        {
            return Hosting;
        }

        string[] parts = space.Split('.');
        return parts[0] != nameof(BoundedCache) ? null : parts.ElementAtOrDefault(1) ?? "";
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer
        ? Outermost(outer)
        : type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static string Text((Type User, Type Used) use) => $"{use.User.FullName} uses {use.Used.FullName}";

    private static HashSet<Type> UsesOf(Type type)
    {
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public
            | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        HashSet<Type> uses = [];
        Add(uses, type.BaseType);
        Add(uses, type.GetInterfaces());
        Add(uses, type.GetFields(all).Select(static field => field.FieldType));
        foreach (MethodBase method in type.GetMethods(all).Concat<MethodBase>(type.GetConstructors(all)))
        {
            Add(uses, method.GetParameters().Select(static parameter => parameter.ParameterType));
            Add(uses, (method as MethodInfo)?.ReturnType);
            if (method.GetMethodBody() is { } body)
            {
                Add(uses, body.LocalVariables.Select(static local => local.LocalType));
                Add(uses, body.ExceptionHandlingClauses
                    .Where(static clause => clause.Flags == ExceptionHandlingClauseOptions.Clause)
                    .Select(static clause => clause.CatchType!));
                AddCode(uses, type, method, body.GetILAsByteArray()!);
            }
        }

        return uses;
    }

    /// <summary>Adds what a method's instructions name: types, fields, and methods with their types.</summary>
    private static void AddCode(HashSet<Type> uses, Type type, MethodBase method, byte[] code)
    {
        Type[] typeArguments = type.IsGenericType ? type.GetGenericArguments() : [];
        Type[] methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (int at = 0; at < code.Length;)
        {
            OpCode instruction = code[at] == 0xFE ? s_codes[0xFE00 | code[++at]] : s_codes[code[at]];
            at++;
            if (instruction.OperandType is OperandType.InlineField or OperandType.InlineMethod
                or OperandType.InlineTok or OperandType.InlineType)
            {
                MemberInfo? member = type.Module.ResolveMember(
                    BitConverter.ToInt32(code, at), typeArguments, methodArguments);
                Add(uses, member as Type ?? member!.DeclaringType);
                Add(uses, (member as FieldInfo)?.FieldType);
                Add(uses, (member as MethodInfo)?.ReturnType);
                if (member is MethodBase called)
                {
                    Add(uses, called.GetParameters().Select(static parameter => parameter.ParameterType));
                    Add(uses, called.IsGenericMethod ? called.GetGenericArguments() : []);
                }
            }

            at += instruction.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static void Add(HashSet<Type> uses, IEnumerable<Type> types)
    {
        foreach (Type type in types)
        {
            Add(uses, type);
        }
    }

    private static void Add(HashSet<Type> uses, Type? type)
    {
        if (type is null || type.IsGenericParameter || !uses.Add(type))
        {
            return;
        }

        Add(uses, type.GetElementType());
        Add(uses, type.IsGenericType ? [.. type.GetGenericArguments(), type.GetGenericTypeDefinition()] : []);
    }

    /// <summary>Uses one type by a call, others by a local, a lambda and what it catches.</summary>
    private sealed class Example
    {
        public static string Read()
        {
            using var local = new DataSet();
            Func<Version> lambda = static () => new Version(1, 0);
            try
            {
                return Uri.EscapeDataString(local.ToString()!) + lambda();
            }
            catch (InvalidTimeZoneException)
            {
                return "";
            }
        }
    }

    private sealed class DataSet : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
