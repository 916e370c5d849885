using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;

namespace BoundedCache.MemoryScenarios.Shapes;

/// <summary>Values of every kind that applications keep.</summary>
internal static class ValueShapes
{
    private const double Exact = 0.02;

    private static readonly Container s_container = new();

    public static IReadOnlyList<Shape> All { get; } =
    [
        new("string, 5 characters", 100_000, static i => $"{i:D5}") { Tolerance = Exact },
        new("string, 1,000 characters", 10_000, static i => new string('x', 1000)) { Tolerance = Exact },
        new("string, 50,000 characters", 200, static i => new string('x', 50_000)) { Tolerance = Exact },
        new("string, not ASCII, 30 characters", 100_000, static i => string.Concat("äöü漢字😀 ", $"{i:D22}"))
        {
            Tolerance = Exact,
        },
        new("byte[0]", 100_000, static i => GC.AllocateUninitializedArray<byte>(0)) { Tolerance = Exact },
        new("byte[9]", 100_000, static i => new byte[9]) { Tolerance = Exact },
        new("byte[1,000]", 10_000, static i => new byte[1000]) { Tolerance = Exact },
        new("byte[100,000]", 200, static i => new byte[100_000]) { Tolerance = Exact },
        new("byte[5 MB]", 10, static i => new byte[5_000_000]) { Tolerance = Exact },
        new("bool[33]", 50_000, static i => new bool[33]) { Tolerance = Exact },
        new("int[100]", 30_000, static i => new int[100]) { Tolerance = Exact },
        new("double[1,000]", 2000, static i => new double[1000]) { Tolerance = Exact },
        new("decimal[10, 10]", 10_000, static i => new decimal[10, 10]) { Tolerance = Exact },
        new("Guid[50]", 10_000, static i => new Guid[50]) { Tolerance = Exact },
        new("boxed long", 100_000, static i => (long)i),
        new("boxed struct with a reference", 50_000, static i => new Line(i, $"line {i:D10}", 1.5m)),
        new("array of structs", 10_000, static i => new (int, long)[20]),
        new("array of structs with references", 10_000, static i =>
            Fill(10, j => new Line(j, $"line {i + j:D10}", 1.5m))),
        new("Memory<byte> over part of an array", 30_000, static i => new Memory<byte>(new byte[300], 100, 10)),
        new("plain object", 50_000, static i => new Person { Name = $"person {i:D8}", Age = i, Photo = new byte[100] }),
        new("record", 50_000, static i => new Address($"street {i:D8}", i, 'x')),
        new("inherited private fields", 50_000, static i =>
            new Manager { Name = $"manager {i:D7}", Age = i, Photo = new byte[10], Title = $"title {i}" }),
        new("nullable fields, unset", 50_000, static i => new Optional()),
        new("nullable fields, set", 50_000, static i => new Optional
        {
            Number = i,
            At = DateTime.UnixEpoch,
            Line = new Line(i, $"line {i}", 1m),
            Next = new Optional(),
        }),
        new("fields that are empty", 50_000, static i => new Basket { Name = "" }),
        new("object[], mixed", 20_000, static i =>
            new object?[] { i, $"text {i}", null, new byte[20], new Address($"street {i}", i, 'y'), 1.5 }),
        new("string[]", 10_000, static i => Fill(20, j => $"text {i} {j}")),
        new("List<T>", 10_000, static i => Fill(10, j => new Address($"street {i}", j, 'z')).ToList()),
        new("Dictionary<string, T>", 5000, static i =>
            Fill(20, j => j).ToDictionary(j => $"key {i} {j}", j => new Address($"street {i}", j, 'd'))),
        new("Dictionary<int, long>", 5000, static i => Fill(30, j => j).ToDictionary(j => j, j => (long)i)),
        new("HashSet<string>", 5000, static i => Fill(30, j => $"member {i} {j}").ToHashSet()),
        new("SortedDictionary<int, T>", 5000, static i =>
            new SortedDictionary<int, string>(Fill(20, j => j).ToDictionary(j => j, j => $"value {i} {j}"))),
        new("LinkedList<T>", 5000, static i => new LinkedList<string>(Fill(20, j => $"value {i} {j}"))),
        new("ImmutableArray<T>", 10_000, static i => ImmutableArray.Create(Fill(10, j => $"value {i} {j}"))),
        new("ImmutableDictionary<string, T>", 5000, static i =>
            Fill(20, j => j).ToImmutableDictionary(j => $"key {i} {j}", j => j)),
        new("ConcurrentDictionary<string, T>", 2000, static i => Concurrent(i)),
        new("StringBuilder", 10_000, static i => new StringBuilder(new string('x', 100)).Append('y', 200)),
        new("order: nested, shared, with cycles", 10_000, static i => new Order(i)),
        new("tree of 63 nodes with parents", 2000, static i => new Node(null, 5)),
        new("Task<T>, done", 30_000, static i => Task.FromResult(new byte[100])),
        new("Task<T> of an async method, done", 20_000, static i => Asynchronous(i)),
        new("Lazy<T>, made", 30_000, static i => Made(new Lazy<byte[]>(static () => new byte[100]))),
        new("Lazy<T>, not made", 30_000, static i => new Lazy<byte[]>(() => new byte[i % 100])),
        new("object with a container, types and a delegate", 50_000, static i =>
            new Service(s_container, $"service {i}")),
        new("list of 30,000 objects, extrapolated", 10, static i =>
            Fill(30_000, j => new Address($"street {j:D8}", j, 'w')).ToList()),
    ];

    private static T[] Fill<T>(int length, Func<int, T> make)
    {
        var array = new T[length];
        for (int i = 0; i < length; i++)
        {
            array[i] = make(i);
        }

        return array;
    }

    private static ConcurrentDictionary<string, string> Concurrent(int number)
    {
        var dictionary = new ConcurrentDictionary<string, string>(concurrencyLevel: 2, capacity: 31);
        for (int i = 0; i < 20; i++)
        {
            dictionary[$"key {number} {i}"] = $"value {number} {i}";
        }

        return dictionary;
    }

    private static Task<string> Asynchronous(int number)
    {
        var source = new TaskCompletionSource();
        async Task<string> Work()
        {
            await source.Task.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return $"result {number:D8}";
        }

        Task<string> task = Work();
        source.SetResult();
        task.Wait();
        return task;
    }

    private static Lazy<byte[]> Made(Lazy<byte[]> lazy) =>
        lazy.Value.Length > 0 ? lazy : throw new InvalidOperationException();
}
