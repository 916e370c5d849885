namespace BoundedCache.ExplainRss.Causes;

/// <summary>A reason for high RSS that can be built. A class that derives from this one is found by itself.</summary>
internal abstract class Cause
{
    /// <summary>Its word on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>What it builds, as the help says it.</summary>
    public abstract string Description { get; }

    /// <summary>The report's name for it; null where there is nothing to find.</summary>
    public abstract MemoryReportCause? Finding { get; }

    /// <summary>Whether the report needs a collection to see it.</summary>
    public virtual bool NeedsCollection => false;

    /// <summary>Builds it; whatever must stay alive is kept in fields.</summary>
    /// <param name="bytes">How much memory it shall hold, about.</param>
    /// <exception cref="ExplainException">It cannot be built here.</exception>
    public abstract void Build(long bytes);

    /// <summary>Lets go of what it built.</summary>
    public virtual void LetGo()
    {
    }

    /// <summary>All causes, in the order in which they are told.</summary>
    public static IReadOnlyList<Cause> All { get; } =
    [
        new Healthy(), new Busy(), new OtherLive(), new Dead(), new Finalizers(), new Pins(), new Fragmentation(),
        new UnusedHeap(),
        new Native(), new NativeFreed(), new Threads(), new MappedFiles(), new SharedMemory(),
        new HugePages(),
    ];
}
