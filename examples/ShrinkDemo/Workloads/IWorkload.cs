namespace BoundedCache.ShrinkDemo.Workloads;

/// <summary>What runs through the cache in the second stage.</summary>
internal interface IWorkload
{
    /// <summary>The workload in a few words.</summary>
    string Description { get; }

    /// <summary>The workload, done, in a few words: the stage's label.</summary>
    string DoneLabel { get; }

    /// <summary>Runs to the end, telling after each request how far it came.</summary>
    /// <exception cref="OperationCanceledException">It was called off between two requests.</exception>
    void Run(AccessLedger ledger, Action<WorkProgress> progress, CancellationToken cancellationToken);

    /// <summary>
    /// A bounded number of keys that were written, to read again later; some of them are long evicted.
    /// </summary>
    IEnumerable<Probe> Sample();

    /// <summary>
    /// Keys that an LRU cache of this limit must still hold if nothing was written or read since; may be none.
    /// </summary>
    IEnumerable<Probe> Newest(long limitBytes);
}
