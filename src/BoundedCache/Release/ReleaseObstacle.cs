namespace BoundedCache.Release;

/// <summary>What kept a release from doing its job at once.</summary>
internal enum ReleaseObstacle
{
    /// <summary>Nothing: the release is done.</summary>
    None = 0,

    /// <summary>Memory had been released a moment before.</summary>
    Storm,

    /// <summary>It was gentle, and made way for a full one.</summary>
    FullRelease,

    /// <summary>The process is in a no-GC region.</summary>
    NoGCRegion,

    /// <summary>Eviction callbacks hold the values that they were called with.</summary>
    Callbacks,

    /// <summary>Finalizers have yet to run.</summary>
    Finalizers,

    /// <summary>Pinned objects hold the emptied heap.</summary>
    Pins,

    /// <summary>It was gentle, and a collection in the background did not end in time.</summary>
    SlowCollection,

    /// <summary>An exception ended it.</summary>
    Failure,

    /// <summary>Nothing but that its caller did not wait for it.</summary>
    Cancelled,
}
