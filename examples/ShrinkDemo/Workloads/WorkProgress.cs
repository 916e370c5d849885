namespace BoundedCache.ShrinkDemo.Workloads;

/// <summary>How far a workload is.</summary>
/// <param name="Done">Requests done.</param>
/// <param name="Share">Of the whole, from 0 to 1.</param>
internal readonly record struct WorkProgress(long Done, double Share);
