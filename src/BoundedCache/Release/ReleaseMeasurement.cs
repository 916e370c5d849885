using BoundedCache.Process;
using BoundedCache.Report;

namespace BoundedCache.Release;

/// <summary>
/// What is known after a collection of a release, and what follows from it by arithmetic. It judges the anonymous part
/// of RSS, or RSS itself where the platform does not report the parts.
/// </summary>
internal readonly record struct ReleaseMeasurement
{
    /// <summary>The request.</summary>
    public required ReleaseRequest Request { get; init; }

    /// <summary>The process to compare with: before the evictions, otherwise before the collection.</summary>
    public required ProcessMemorySnapshot Reference { get; init; }

    /// <summary>The process now.</summary>
    public required ProcessMemorySnapshot After { get; init; }

    /// <summary>The last blocking collection of the whole heap. Small collections may have followed it.</summary>
    public required GCReading Collection { get; init; }

    /// <summary>Blocking collections of the whole heap run so far.</summary>
    public required int Collections { get; init; }

    /// <summary>Whether the finalizers did not finish in the time they were given.</summary>
    public bool FinalizersStuck { get; init; }

    /// <summary>Whether every caller's callbacks finished in time.</summary>
    public bool CallbacksFinished { get; init; }

    /// <summary>Whether the native allocator was to return memory, but there is none that can be asked.</summary>
    public bool CannotTrimNative { get; init; }

    /// <summary>Bytes that the process should have lost: never more than it had.</summary>
    public long ExpectedBytes => Math.Min(Request.ExpectedBytes, Occupied(Reference));

    /// <summary>Bytes that the process lost; negative when it grew.</summary>
    public long FallenBytes => Occupied(Reference) - OccupiedBytes;

    /// <summary>Bytes that the process occupies now.</summary>
    public long OccupiedBytes => Occupied(After);

    /// <summary>Whether clearly less fell than was expected.</summary>
    public bool IsShort => ReleaseThresholds.IsClear(ExpectedBytes - FallenBytes, ExpectedBytes);

    /// <summary>
    /// Expected bytes that no collection took: they are still reachable, or as much was allocated since.
    /// </summary>
    public long AliveBytes => ExpectedBytes - (Reference.AllocatedBytes - Collection.LiveBytes);

    /// <summary>
    /// Whether live objects explain why clearly less fell. Without a baseline it is unknown whether they died earlier.
    /// </summary>
    public bool IsStillAlive => Request.Baseline is not null && IsMissingInHeap;

    /// <summary>
    /// Whether dead objects that wait for their finalizers may be what is missing. One of them can hold everything.
    /// Without a baseline it is not sure that anything is missing; then the one finalizer that is always due is no
    /// reason to collect twice.
    /// </summary>
    public bool FinalizersHold =>
        Collection.FinalizersPending >= (Request.Baseline is null ? MemoryAnalyzer.ManyFinalizers : 1)
        && IsMissingInHeap;

    /// <summary>
    /// Whether, with all collections done, finalizers are the likely reason that memory is missing. Only the first
    /// collection counts objects behind a stuck finalizer as pending.
    /// </summary>
    public bool FinalizersToBlame =>
        (FinalizersStuck || Collection.FinalizersPending >= MemoryAnalyzer.ManyFinalizers) && IsMissingInHeap;

    /// <summary>Resident memory of the managed heap without live objects.</summary>
    public long IdleBytes => Math.Min(Collection.CommittedBytes, OccupiedBytes) - Collection.LiveBytes;

    /// <summary>Whether the managed heap clearly keeps idle memory.</summary>
    public bool IsHeapIdle => ReleaseThresholds.IsClear(IdleBytes, Collection.LiveBytes);

    /// <summary>Whether there are enough pins to hold a good part of the idle heap.</summary>
    public bool IsPinned => GCReading.CanPinsHold(Collection.PinnedObjects, IdleBytes);

    /// <summary>Memory outside the managed heap.</summary>
    public long NativeBytes => OccupiedBytes - Collection.CommittedBytes;

    private bool IsMissingInHeap => IsShort && ReleaseThresholds.IsClear(AliveBytes, ExpectedBytes);

    /// <summary>Bytes that a process occupies: anonymous memory, or RSS where the platform tells no parts.</summary>
    public static long Occupied(ProcessMemorySnapshot snapshot) => snapshot.AnonymousBytes ?? snapshot.ResidentBytes;
}
