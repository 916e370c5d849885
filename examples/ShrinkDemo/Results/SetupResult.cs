using BoundedCache.ShrinkDemo.CommandLine;

namespace BoundedCache.ShrinkDemo.Results;

/// <summary>The setup of the run.</summary>
internal sealed record SetupResult
{
    public required CacheKind Cache { get; init; }

    /// <summary>The workload, in words.</summary>
    public required string Workload { get; init; }

    public required long MaxMemoryBytes { get; init; }

    public required IReadOnlyList<long> ShrinkToBytes { get; init; }

    public required ReleaseMode Release { get; init; }

    /// <summary>How long each stage was watched.</summary>
    public required TimeSpan Wait { get; init; }

    public static SetupResult From(DemoOptions options, string workload) => new()
    {
        Cache = options.Cache,
        Workload = workload,
        MaxMemoryBytes = options.MaxMemoryBytes,
        ShrinkToBytes = options.ShrinkToBytes,
        Release = options.Release,
        Wait = options.Wait,
    };
}
