namespace BoundedCache.Process;

/// <summary>
/// The settings of the runtime's garbage collector that decide how much memory it keeps.
/// </summary>
internal readonly record struct CollectorSettings
{
    /// <summary>Server GC: several heaps, each with its own room for new objects.</summary>
    public bool IsServer { get; init; }

    /// <summary>The number of heaps, under Server GC.</summary>
    public long Heaps { get; init; }

    /// <summary>Whether Server GC adapts the number of heaps to what the process needs.</summary>
    public bool AdaptsHeaps { get; init; }

    /// <summary>Whether <c>System.GC.RetainVM</c> is set: emptied memory is kept for later use.</summary>
    public bool RetainsMemory { get; init; }

    /// <summary>
    /// The collector library that is configured instead of the runtime's own; null for the runtime's own.
    /// </summary>
    public string? Replacement { get; init; }

    /// <summary>The size of the range reserved for regions, in bytes; 0 for a collector without regions.</summary>
    public long RegionRangeBytes { get; init; }

    /// <summary>
    /// The heap's hard limit in bytes, from a setting or from the container's limit; 0 where there is none.
    /// </summary>
    public long HeapHardLimitBytes { get; init; }

    /// <summary>
    /// The part of <see cref="HeapHardLimitBytes"/> for small objects; 0 where the parts are not limited.
    /// </summary>
    public long SmallObjectLimitBytes { get; init; }

    /// <summary>
    /// The part of <see cref="HeapHardLimitBytes"/> for large objects; 0 where the parts are not limited.
    /// </summary>
    public long LargeObjectLimitBytes { get; init; }

    /// <summary>
    /// The part of <see cref="HeapHardLimitBytes"/> for objects that were allocated pinned; 0 where the parts are not
    /// limited.
    /// </summary>
    public long PinnedObjectLimitBytes { get; init; }

    /// <summary>Reads the runtime's names for these settings.</summary>
    /// <param name="variables">As <see cref="GC.GetConfigurationVariables"/> gives them.</param>
    public static CollectorSettings From(IReadOnlyDictionary<string, object> variables) => new()
    {
        IsServer = variables.GetValueOrDefault("ServerGC") is true,
        Heaps = variables.GetValueOrDefault("HeapCount") is long heaps ? heaps : 1,
        AdaptsHeaps = variables.GetValueOrDefault("GCDynamicAdaptationMode") is long and not 0,
        RetainsMemory = variables.GetValueOrDefault("RetainVM") is true,
        Replacement = Text(variables, "GCName") ?? Text(variables, "GCPath"),
        RegionRangeBytes = variables.GetValueOrDefault("GCRegionRange") is long range ? range : 0,
        HeapHardLimitBytes = Number(variables, "GCHeapHardLimit"),
        SmallObjectLimitBytes = Number(variables, "GCHeapHardLimitSOH"),
        LargeObjectLimitBytes = Number(variables, "GCHeapHardLimitLOH"),
        PinnedObjectLimitBytes = Number(variables, "GCHeapHardLimitPOH"),
    };

    private static long Number(IReadOnlyDictionary<string, object> variables, string name) =>
        variables.GetValueOrDefault(name) is long number ? number : 0;

    private static string? Text(IReadOnlyDictionary<string, object> variables, string name) =>
        variables.GetValueOrDefault(name) is string { Length: > 0 } text ? text : null;
}
