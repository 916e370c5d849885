namespace BoundedCache.LoadRuns.Load;

/// <summary>
/// What came of a load: requests sent, and those of them that were not answered as they should, or not at all.
/// </summary>
/// <param name="Sent">Requests that were sent.</param>
/// <param name="Failed">Those that were answered with an error, with another item, or with half of one.</param>
/// <param name="Lost">Those of which nothing was heard at all.</param>
/// <param name="FirstFailure">What was wrong with the first of them; null for nothing.</param>
/// <param name="LagMilliseconds">How late the client itself was with 99 of 100 requests at the most.</param>
internal sealed record LoadTotals(long Sent, long Failed, long Lost, string? FirstFailure, double LagMilliseconds);
