namespace BoundedCache.Hosting;

/// <summary>What options said when they were last found good, copied, to tell what changed.</summary>
internal sealed class AcceptedSettings(BoundedMemoryCacheOptions options)
{
    private readonly object[] _others = CacheSettings.ReadOthers(options);

    /// <summary>What the section says of the limit; null where it says nothing.</summary>
    public ConfiguredLimit? Limit { get; } = options.Source?.Limit;

    /// <summary>The limit in bytes, once delegates had their say too.</summary>
    public long MaxMemory { get; } = options.MaxMemory;

    /// <summary>
    /// The names of other options than the limit that differ from what they were before, and from
    /// what they were at the start.
    /// </summary>
    public IEnumerable<string> FindChanged(AcceptedSettings before, AcceptedSettings start) => CacheSettings.Others
        .Where(
            (_, index) => !_others[index].Equals(before._others[index]) && !_others[index].Equals(start._others[index]))
        .Select(static setting => setting.Name);
}
