namespace BoundedCache.WebApi;

/// <summary>The answer of <c>/cache</c>.</summary>
/// <param name="MaxMemoryBytes">The limit.</param>
/// <param name="UsedMemoryBytes">What the entries are charged.</param>
/// <param name="Entries">The number of entries.</param>
/// <param name="SourceReads">How often the slow source was asked since the service started.</param>
internal sealed record CacheState(long MaxMemoryBytes, long UsedMemoryBytes, int Entries, long SourceReads);
