namespace BoundedCache.LoadRuns.Load;

/// <summary>What a tool said of its own load when it ended.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Requests">Requests that it saw answered.</param>
/// <param name="Failed">Those that failed, and connections that did.</param>
internal sealed record ToolTotals(string Tool, long Requests, long Failed);
