namespace BoundedCache.LoadRuns.Load;

/// <summary>Requests that a service gets all the while, from whatever client.</summary>
internal interface ILoad : IAsyncDisposable
{
    /// <summary>Whether single requests are known, and so percentiles of any stretch of time.</summary>
    bool TellsRequests { get; }

    /// <summary>The requests that were answered, or failed, so far; none where they are not known.</summary>
    IReadOnlyList<Request> Requests { get; }

    /// <summary>Sends no more, and waits for what is under way.</summary>
    /// <returns>What came of all of it.</returns>
    Task<LoadTotals> StopAsync();
}
