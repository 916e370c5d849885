using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Results;

/// <summary>
/// Whether RSS followed a lowered limit: above an empty process it may be 1.10 times the limit and 10 MB. BoundedCache
/// promises this. MemoryCache promises nothing; it is only compared with the same bound.
/// </summary>
internal sealed record PromiseResult
{
    private const double LimitShare = 1.10;
    private const long SlackBytes = 10 << 20;

    public required int Stage { get; init; }

    public required long LimitBytes { get; init; }

    /// <summary>RSS after the stage, minus RSS of the empty process at the start.</summary>
    public required long AboveEmptyBytes { get; init; }

    public required long AllowedBytes { get; init; }

    public bool Kept => AboveEmptyBytes <= AllowedBytes;

    /// <summary>One result for every stage that should release memory.</summary>
    public static IReadOnlyList<PromiseResult> For(IReadOnlyList<StageResult> stages) =>
        [.. stages.Where(stage => stage.Kind is StageKind.Release or StageKind.Shrink).Select(stage => new PromiseResult
        {
            Stage = stage.Number,
            LimitBytes = stage.LimitBytes,
            AboveEmptyBytes = stage.ResidentBytes - stages[0].ResidentBytes,
            AllowedBytes = (long)(LimitShare * stage.LimitBytes) + SlackBytes,
        })];
}
