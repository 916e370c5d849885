using BoundedCache.ExplainRss.Causes;

namespace BoundedCache.ExplainRss.CommandLine;

/// <summary>What one run was asked to do, checked.</summary>
/// <param name="Cause">The cause to build; null for all, each in a process of its own.</param>
/// <param name="SizeBytes">How much memory it shall hold, about.</param>
/// <param name="Mode">How the report is made; null for what the cause needs.</param>
/// <param name="Json">The result as JSON instead of text.</param>
internal sealed record ExplainOptions(Cause? Cause, long SizeBytes, MemoryReportMode? Mode, bool Json);
