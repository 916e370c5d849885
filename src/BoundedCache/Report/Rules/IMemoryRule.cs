namespace BoundedCache.Report;

/// <summary>
/// A question about a process's memory, with the answer in words. Asks for an amount and a share, so that neither a
/// small process nor a large one is told what is usual.
/// </summary>
internal interface IMemoryRule
{
    /// <summary>Judges what is known.</summary>
    /// <returns>What to say; null for nothing.</returns>
    MemoryReportFinding? Check(MemoryBreakdown breakdown);
}
