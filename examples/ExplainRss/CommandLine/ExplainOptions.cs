using BoundedCache.ExplainRss.Causes;

namespace BoundedCache.ExplainRss.CommandLine;

/// <summary>The checked options of one run.</summary>
/// <param name="Cause">The cause to build; null for all, each in its own process.</param>
/// <param name="SizeBytes">How much memory it should hold, approximately.</param>
/// <param name="Mode">How the report is made; null for the mode that the cause needs.</param>
/// <param name="Json">Whether to write the result as JSON instead of text.</param>
internal sealed record ExplainOptions(Cause? Cause, long SizeBytes, MemoryReportMode? Mode, bool Json);
