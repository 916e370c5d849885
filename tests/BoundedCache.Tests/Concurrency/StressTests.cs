namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Tests that start many threads each. They run one after another: two at a time would only compete for the processors.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class StressTests
{
    public const string Name = "Stress";
}
