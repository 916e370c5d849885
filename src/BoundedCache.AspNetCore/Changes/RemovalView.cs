namespace BoundedCache.AspNetCore.Changes;

/// <summary>What compacting or clearing a cache removed, and what is left.</summary>
/// <remarks>
/// <para><c>EntriesRemoved</c>: Entries that left for this reason while it ran.</para>
/// <para><c>BytesRemoved</c>: Their accounted bytes.</para>
/// </remarks>
internal sealed record RemovalView(string CacheName, long EntriesRemoved, long BytesRemoved, long UsedBytes, int Count);
