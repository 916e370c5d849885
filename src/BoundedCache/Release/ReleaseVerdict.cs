namespace BoundedCache.Release;

/// <summary>How a release ended, in the words that the report repeats.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Reason">Why, as a sentence.</param>
/// <param name="Advice">What holds memory and what to do about it, as sentences.</param>
internal sealed record ReleaseVerdict(ReleaseOutcome Outcome, string Reason, IReadOnlyList<string> Advice);
