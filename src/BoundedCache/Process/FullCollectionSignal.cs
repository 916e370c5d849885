namespace BoundedCache.Process;

/// <summary>
/// Signals each collection of the whole heap. Nothing refers to this object, so its finalizer runs after each
/// collection of its generation; after a few collections that is the oldest generation.
/// </summary>
internal sealed class FullCollectionSignal
{
    private readonly Action _collected;
    private int _seen = GC.CollectionCount(GC.MaxGeneration);

    private FullCollectionSignal(Action collected) => _collected = collected;

    /// <summary>Calls back on the finalizer thread, for as long as the process lives.</summary>
    /// <param name="collected">Must be short, and must not block or throw: other finalizers wait for it.</param>
    public static void Start(Action collected) => _ = new FullCollectionSignal(collected);

    ~FullCollectionSignal()
    {
        int count = GC.CollectionCount(GC.MaxGeneration);
        if (count != _seen)
        {
            _seen = count;
            _collected();
        }

        GC.ReRegisterForFinalize(this);
    }
}
