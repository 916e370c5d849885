namespace BoundedCache.ShrinkDemo.Workloads;

/// <summary>The progress of a workload.</summary>
/// <param name="Done">Requests done.</param>
/// <param name="Share">The share of the whole, from 0 to 1.</param>
internal readonly record struct WorkProgress(long Done, double Share);
