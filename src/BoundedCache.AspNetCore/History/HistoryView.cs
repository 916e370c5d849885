using BoundedCache.AspNetCore.Changes;

namespace BoundedCache.AspNetCore.History;

/// <summary>The last samples and the last shrinks and releases, oldest first.</summary>
internal sealed record HistoryView(
    double IntervalMilliseconds, IReadOnlyList<SampleView> Samples, IReadOnlyList<ShrinkView> Shrinks);
