namespace BoundedCache.ExplainRss.Causes;

/// <summary>A cause of high RSS that can be built. Add each derived class to the list All.</summary>
internal abstract class Cause
{
    /// <summary>Its name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Its description in the help.</summary>
    public abstract string Description { get; }

    /// <summary>The cause that the report should find; null if there is nothing to find.</summary>
    public abstract MemoryReportCause? Finding { get; }

    /// <summary>Whether the report needs a collection to find it.</summary>
    public virtual bool NeedsCollection => false;

    /// <summary>Builds it. What must stay alive is kept in fields.</summary>
    /// <param name="bytes">How much memory it should hold, approximately.</param>
    /// <exception cref="ExplainException">It cannot be built here.</exception>
    public abstract void Build(long bytes);

    /// <summary>Frees what it built.</summary>
    public virtual void LetGo()
    {
    }

    /// <summary>All causes, in the order in which they are shown.</summary>
    public static IReadOnlyList<Cause> All { get; } =
    [
        new Healthy(), new Busy(), new OtherLive(), new Dead(), new Finalizers(), new Pins(), new Fragmentation(),
        new UnusedHeap(),
        new Native(), new NativeFreed(), new Threads(), new MappedFiles(), new SharedMemory(),
        new HugePages(),
    ];
}
