using System.Reflection;
using BenchmarkDotNet.Attributes;
using BoundedCache.Microbenchmarks;

namespace BoundedCache.Benchmarks.Tests.Microbenchmarks;

/// <summary>
/// Every benchmark method runs, once for every peer, kind of key, shape and so on, on its smallest table.
/// </summary>
public class SmokeTests
{
    public static TheoryData<string> Classes => [.. Benchmarks().Select(static type => type.Name)];

    [Theory]
    [MemberData(nameof(Classes))]
    public void Every_benchmark_runs(string name)
    {
        Type type = Benchmarks().Single(type => type.Name == name);
        MethodInfo[] methods =
            [.. type.GetMethods().Where(static method => method.GetCustomAttribute<BenchmarkAttribute>() is not null)];
        Assert.NotEmpty(methods);
        foreach ((PropertyInfo Property, object? Value)[] parameters in Combine(
            [.. type.GetProperties().Where(static property => Values(property) is not null)]))
        {
            object benchmark = Activator.CreateInstance(type)!;
            Array.ForEach(parameters, parameter => parameter.Property.SetValue(benchmark, parameter.Value));
            Invoke<GlobalSetupAttribute>(benchmark);
            foreach (MethodInfo method in methods)
            {
                object? answer = method.Invoke(benchmark, null);

                // A hit that misses, or a miss that hits, measures something else.
                Assert.True(
                    answer is not bool found || found != method.Name.StartsWith("Miss", StringComparison.Ordinal),
                    $"{name}.{method.Name}: {answer}");
            }

            Invoke<GlobalCleanupAttribute>(benchmark);
        }
    }

    private static IEnumerable<Type> Benchmarks() => typeof(Lookups).Assembly.GetTypes()
        .Where(static type => !type.IsAbstract
            && type.GetMethods().Any(static method => method.GetCustomAttribute<BenchmarkAttribute>() is not null));

    private static void Invoke<TAttribute>(object benchmark)
        where TAttribute : Attribute =>
        benchmark.GetType()
            .GetMethods()
            .SingleOrDefault(static method => method.GetCustomAttribute<TAttribute>() is not null)
            ?.Invoke(benchmark, null);

    /// <summary>What a parameter takes; of numbers of entries only the first, the least.</summary>
    private static object?[]? Values(PropertyInfo property)
    {
        if (property.GetCustomAttribute<ParamsAttribute>() is { } some)
        {
            return property.Name == "Entries" ? some.Values[..1] : some.Values;
        }

        if (property.GetCustomAttribute<ParamsAllValuesAttribute>() is not null)
        {
            return [.. Enum.GetValues(property.PropertyType).Cast<object>()];
        }

        return property.GetCustomAttribute<ParamsSourceAttribute>() is { } source
            ? [.. ((IEnumerable<string>)property.DeclaringType!.GetProperty(source.Name)!.GetValue(null)!)]
            : null;
    }

    private static IEnumerable<(PropertyInfo Property, object? Value)[]> Combine(PropertyInfo[] properties) =>
        properties.Aggregate(
            (IEnumerable<(PropertyInfo, object?)[]>)[[]],
            static (all, property) => all.SelectMany(
                chosen =>
                    Values(property)!.Select(value => ((PropertyInfo, object?)[])[.. chosen, (property, value)])));
}
