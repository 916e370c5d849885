namespace BoundedCache.ShrinkDemo.Workloads;

/// <summary>The load on the cache in the second stage.</summary>
internal interface IWorkload
{
    /// <summary>The workload in a few words.</summary>
    string Description { get; }

    /// <summary>The finished workload in a few words: the stage's label.</summary>
    string DoneLabel { get; }

    /// <summary>Runs to the end, and reports its progress after each request.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled between two requests.</exception>
    void Run(AccessLedger ledger, Action<WorkProgress> progress, CancellationToken cancellationToken);

    /// <summary>
    /// A bounded number of keys that were written, to read again later. Some of them were evicted long ago.
    /// </summary>
    IEnumerable<Probe> Sample();

    /// <summary>
    /// Keys that an LRU cache of this limit must still hold if nothing was written or read since; may be empty.
    /// </summary>
    IEnumerable<Probe> Newest(long limitBytes);
}
