using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>What counts of a lambda that captured something, in a value that keeps it.</summary>
public sealed class ClosureSizeTests
{
    private readonly byte[] _data = new byte[100_000];

    [Fact]
    public void A_lambda_counts_with_the_variables_it_captured()
    {
        int number = Environment.ProcessId;
        Truth.AssertExact(() =>
        {
            int own = number + 1;
            return new Func<int>(() => own);
        });
    }

    [Fact]
    public void A_lazy_that_is_not_made_yet_counts_with_its_lambda_and_the_text_and_arrays_that_it_captured() =>
        Truth.AssertExact(static () =>
        {
            string text = new('x', 1000);
            int[][] numbers = [new int[100], new int[50]];
            return new Lazy<int>(() => text.Length + numbers.Length);
        });

    [Fact]
    public void Lambdas_captured_by_lambdas_count() =>
        Truth.AssertExact(static () =>
        {
            string text = new('x', 1000);
            Func<int> inner = () => text.Length;
            return new Lazy<int>(() => inner());
        });

    [Fact]
    public void Variables_of_an_outer_block_count() =>
        Truth.AssertExact(static () =>
        {
            string outer = new('x', 1000);
            Func<int>? last = null;
            for (int i = 0; i < 1; i++)
            {
                string inner = new('y', 500);
                last = () => outer.Length + inner.Length;
            }

            return last!;
        });

    [Fact]
    public void What_two_lambdas_of_one_value_captured_together_counts_once() =>
        Truth.AssertExact(static () =>
        {
            string text = new('x', 1000);
            return new[] { new Func<int>(() => text.Length), new Func<int>(() => text[0]) };
        });

    [Fact]
    public void The_object_whose_method_made_the_lambda_does_not_count()
    {
        int number = Environment.ProcessId;
        Assert.InRange(Truth.Measure(new Lazy<int>(() => _data.Length + number)), 1, 300);
    }

    [Fact]
    public void Services_and_objects_that_may_be_ones_do_not_count()
    {
        IServiceProvider provider = new Provider();
        var repository = new Repository();
        Repository[] several = [repository];
        (string, Repository) pair = ("x", repository);
        Assert.InRange(Truth.Measure(new Lazy<int>(() => (repository, provider, several, pair).GetHashCode())), 1, 300);
    }

    [Fact]
    public void A_lambda_that_captured_only_the_object_that_made_it_does_not_count() =>
        Assert.Equal(0, new ObjectMeasurer().Measure(new Func<int>(() => _data.Length)));

    [Fact]
    public void Several_delegates_in_one_do_not_count()
    {
        int number = Environment.ProcessId;
        Action one = () => number++;
        Assert.Equal(0, new ObjectMeasurer().Measure(one + (() => number--)));
    }

    private sealed class Repository
    {
        public byte[] Connections { get; } = new byte[100_000];
    }

    private sealed class Provider : IServiceProvider
    {
        private readonly byte[] _services = new byte[100_000];

        public object? GetService(Type serviceType) => _services;
    }
}
