namespace BoundedCache.ShrinkDemo.Results;

/// <summary>The result of replaying an access trace.</summary>
internal sealed record TraceResult
{
    public required string File { get; init; }

    public required long Requests { get; init; }

    public required long Hits { get; init; }

    /// <summary>The sum of all requests' sizes.</summary>
    public required long RequestedBytes { get; init; }

    /// <summary>The sum of the sizes of the requests that were hits.</summary>
    public required long HitBytes { get; init; }

    /// <summary>Hits per request, from 0 to 1.</summary>
    public double HitRatio => Requests == 0 ? 0 : (double)Hits / Requests;

    /// <summary>Bytes of hits per requested byte, from 0 to 1.</summary>
    public double ByteHitRatio => RequestedBytes == 0 ? 0 : (double)HitBytes / RequestedBytes;
}
