namespace BoundedCache.WebApi;

/// <summary>The answer of <c>/cache</c>.</summary>
/// <param name="MaxMemoryBytes">The limit.</param>
/// <param name="UsedMemoryBytes">The charge of all entries.</param>
/// <param name="Entries">The number of entries.</param>
/// <param name="SourceReads">The number of reads from the slow source since the service started.</param>
internal sealed record CacheState(long MaxMemoryBytes, long UsedMemoryBytes, int Entries, long SourceReads);
