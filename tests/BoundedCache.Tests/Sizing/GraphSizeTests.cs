using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Tests.Sizing;

#pragma warning disable CS0414, IDE0051, IDE0052, CA1823, IDE0044 // Fields are there to be measured
public sealed class GraphSizeTests
{
    [Fact]
    public void A_plain_object_counts_what_its_fields_refer_to() => Truth.AssertExact(() => new Person("a", 1));

    [Fact]
    public void An_object_without_fields_is_exact() => Truth.AssertExact(() => new object());

    [Fact]
    public void A_record_is_exact() => Truth.AssertExact(() => new Point(1, 2, new string('x', 10)));

    [Fact]
    public void Private_fields_of_base_classes_count() => Truth.AssertExact(() => new Employee("a", 2));

    [Fact]
    public void Nullable_fields_count_when_set_and_when_not()
    {
        Truth.AssertExact(() => new Optional());
        Truth.AssertExact(() => new Optional { Number = 5, Pair = new Pair(new string('k', 5), new object()) });
    }

    [Fact]
    public void A_boxed_struct_with_references_is_exact() =>
        Truth.AssertExact(() => new Pair(new string('k', 5), new byte[100]));

    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    public void References_in_arrays_of_structs_count(int length)
    {
        Truth.AssertExact(() => Fill(new Pair[length], i => new Pair(new string('k', i + 1), new object())));
        Truth.AssertExact(
            () => Fill(new Pair?[length], i => i % 2 == 0 ? null : new Pair(new string('k', i + 1), new object())));
        Truth.AssertExact(
            () => Fill(new Nested[length], i => new Nested(i, new Pair(new string('k', i + 1), new object()))));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    public void Arrays_of_references_count_their_elements(int length)
    {
        Truth.AssertExact(() => Fill(new string[length], i => new string('k', i + 1)));
        Truth.AssertExact(() => Fill(new object[length], i => i));
        Truth.AssertExact(() => Fill(new int[length][], i => new int[i + 1]));
        Truth.AssertExact(() =>
        {
            var grid = new string[length, 2];
            for (int i = 0; i < length; i++)
            {
                grid[i, 1] = new string('k', i + 1);
            }

            return grid;
        });
    }

    [Fact]
    public void Inline_arrays_count_each_of_their_elements()
    {
        Truth.AssertExact(() =>
        {
            var holder = new InlineHolder();
            for (int i = 0; i < 7; i++)
            {
                holder.Texts[i] = new string('x', i + 1);
                holder.Pairs[i] = new Pair(new string('y', i + 1), new object());
            }

            return holder;
        });
    }

    [Fact]
    public void Shared_objects_count_once() => Truth.AssertExact(() =>
    {
        object shared = new byte[1000]; // No lambda: it would capture, and so leave garbage.
        var pairs = new Pair[300];
        for (int i = 0; i < pairs.Length; i++)
        {
            pairs[i] = new Pair(new string('k', i + 1), shared);
        }

        return pairs;
    });

    [Fact]
    public void What_is_empty_and_shared_does_not_count() => Truth.AssertExact(() =>
    {
        var empties = new object[20];
        empties[1] = "";
        empties[2] = Array.Empty<long>();
        empties[3] = new List<string>();
        empties[4] = ImmutableList<string>.Empty;
        empties[5] = ImmutableDictionary<string, string>.Empty;
        empties[6] = ImmutableSortedSet<string>.Empty;
        return empties;
    });

    [Fact]
    public void Cycles_end() => Truth.AssertExact(() =>
    {
        var first = new Node { Text = new string('x', 10) };
        first.Next = new Node { Next = new Node { Next = first } };
        return first;
    });

    [Fact]
    public void Overlapping_fields_are_exact() => Truth.AssertExact(() => new Union { Text = new string('x', 9) });

    [Fact]
    public void A_finished_lazy_value_counts_its_value() => Truth.AssertExact(() => new Lazy<byte[]>(new byte[1000]));

    [Fact]
    public void A_finished_task_counts_its_result() => Truth.AssertExact(() => Task.FromResult<object>(new byte[1000]));

    [Fact]
    public async Task What_waits_for_a_task_does_not_count()
    {
        var source = new TaskCompletionSource<string>();
        long before = Truth.Measure(source.Task);
        byte[] big = new byte[100_000];
        async Task Wait()
        {
            await source.Task;
            GC.KeepAlive(big);
        }

        Task waiting = Wait();
        Assert.Equal(before, Truth.Measure(source.Task));
        source.SetResult("");
        await waiting;
    }

    [Fact]
    public void Weak_references_count_without_their_target() =>
        Assert.InRange(Truth.Measure(new WeakReference<byte[]>(new byte[10_000])), 3 * IntPtr.Size, 64);

    [Fact]
    public void Pointers_are_not_followed()
    {
        Truth.AssertExact(() => new Pointers { Handle = 12345 });
    }

    private static T[] Fill<T>(T[] array, Func<int, T> element)
    {
        for (int i = 0; i < array.Length; i++)
        {
            array[i] = element(i);
        }

        return array;
    }

    private class Person(string prefix, int number)
    {
        private readonly string _name = new(prefix[0], 20);
        private readonly byte[] _photo = new byte[100 * number];
        private readonly bool _flag = true;
        private readonly short _small = 1;
    }

    private sealed class Employee(string prefix, int number) : Person(prefix, number)
    {
        private readonly string _title = new('t', 33);
        private readonly byte _level = 3;
    }

    private sealed record Point(int X, long Y, string Name);

    private sealed class Optional
    {
        public int? Number;
        public Pair? Pair;
    }

    private record struct Pair(string Key, object? Value);

    private record struct Nested(int Number, Pair Pair);

    private sealed class Node
    {
        public string? Text;
        public Node? Next;
    }

    private sealed class InlineHolder
    {
        public InlineTexts Texts;
        public InlinePairs Pairs;
    }

    [InlineArray(7)]
    private struct InlineTexts
    {
        private string _first;
    }

    [InlineArray(7)]
    private struct InlinePairs
    {
        private Pair _first;
    }

    [StructLayout(LayoutKind.Explicit)]
    private sealed class Union
    {
        [FieldOffset(0)]
        public string? Text;

        [FieldOffset(0)]
        public object? Same;

        [FieldOffset(8)]
        public long Number;
    }

    private sealed unsafe class Pointers
    {
        public nint Handle;
        public int* Pointer = (int*)0x1234;
        public delegate*<void> Function = null;
        public object Text = new string('x', 5);
    }
}
