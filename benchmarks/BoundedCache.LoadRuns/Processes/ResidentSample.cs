namespace BoundedCache.LoadRuns.Processes;

/// <summary>Resident memory of a process at a time of the run.</summary>
internal readonly record struct ResidentSample(TimeSpan At, long Bytes);
