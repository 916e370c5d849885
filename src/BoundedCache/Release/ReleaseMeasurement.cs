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

    /// <summary>
    /// Whether the release ended before a collection of its own did: the reading above tells nothing of what was let
    /// go.
    /// </summary>
    public bool IsUncollected { get; init; }

    /// <summary>Whether the finalizers did not finish in the time they were given.</summary>
    public bool FinalizersStuck { get; init; }

    /// <summary>Whether every caller's callbacks finished in time.</summary>
    public bool CallbacksFinished { get; init; }

    /// <summary>
    /// Why the native allocator, which was to return memory, could not be asked, as a sentence; null where it was.
    /// </summary>
    public string? CannotTrimNative { get; init; }

    /// <summary>What the caches hold after the release; null where nobody asked them.</summary>
    public CacheShare? Caches { get; init; }

    /// <summary>Whether the process's memory is known, before and now. If not, only the heap's figures count.</summary>
    public bool IsKnown => !Reference.IsResidentUnknown && !After.IsResidentUnknown;

    /// <summary>
    /// Bytes that the process should have lost: never more than it had. They are what entries were charged, which is
    /// more than they held where entries share objects.
    /// </summary>
    public long ExpectedBytes => Math.Min(Request.ExpectedBytes, IsKnown ? Judged(Reference) : long.MaxValue);

    /// <summary>Bytes that the process lost; negative when it grew.</summary>
    public long FallenBytes => Judged(Reference) - OccupiedBytes;

    /// <summary>Bytes that the process occupies now.</summary>
    public long OccupiedBytes => Judged(After);

    /// <summary>Whether clearly less fell than was expected.</summary>
    public bool IsShort => IsKnown && ReleaseThresholds.IsClear(ExpectedBytes - FallenBytes, ExpectedBytes);

    /// <summary>
    /// Expected bytes that no collection took, at most what lives outside the caches' accounts: they are still
    /// reachable, or as much was allocated since, or entries that share objects were charged more than they held, or
    /// they had gone before.
    /// </summary>
    public long MissingBytes => Missing(ExpectedBytes);

    /// <summary>The same of what was freed since the baseline, which had not gone before.</summary>
    public long AliveBytes => Missing(SinceBaseline);

    /// <summary>
    /// Whether live objects may explain why clearly less fell. Without a baseline it is unknown whether they died
    /// earlier.
    /// </summary>
    public bool MayBeAlive =>
        Request.Baseline is not null && IsShort && ReleaseThresholds.IsClear(AliveBytes, SinceBaseline);

    /// <summary>Whether values that were let go are known to be alive: many of the sample are.</summary>
    public bool IsStillAlive => MayBeAlive && Request.Evicted?.IsMuchAlive() == true;

    /// <summary>Whether eviction callbacks that have not finished may hold what is missing.</summary>
    public bool IsHeldByCallbacks => IsShort && !CallbacksFinished;

    /// <summary>
    /// Whether dead objects that wait for their finalizers may be what is missing. One of them can hold everything.
    /// Without a baseline it is not sure that anything is missing; then the one finalizer that is always due is no
    /// reason to collect twice.
    /// </summary>
    public bool FinalizersHold =>
        Collection.FinalizersPending > 0 && (MayBeAlive || (AreFinalizersMany && IsMissingInHeap));

    /// <summary>
    /// Whether, with all collections done, finalizers are the likely reason that memory is missing. Only the first
    /// collection counts objects behind a stuck finalizer as pending. A value that finalizers alone hold is dead to the
    /// sample.
    /// </summary>
    public bool FinalizersToBlame => (FinalizersStuck || AreFinalizersMany) && IsMissingInHeap && !IsStillAlive;

    /// <summary>Resident memory of the managed heap without live objects.</summary>
    public long IdleBytes =>
        (IsKnown ? Math.Min(Collection.CommittedBytes, OccupiedBytes) : Collection.CommittedBytes)
        - Collection.LiveBytes;

    /// <summary>Whether the managed heap clearly keeps idle memory.</summary>
    public bool IsHeapIdle => ReleaseThresholds.IsClear(IdleBytes, Collection.LiveBytes);

    /// <summary>
    /// Of <see cref="IdleBytes"/>, what a collection may empty: decided as in the report, which has a finding of its
    /// own for the rest.
    /// </summary>
    public long ReclaimableBytes => Idle.ReclaimableBytes;

    /// <summary>Whether the managed heap clearly keeps idle memory that a collection may empty.</summary>
    public bool IsReclaimable => ReleaseThresholds.IsClear(ReclaimableBytes, Collection.LiveBytes);

    /// <summary>Whether it does, and there are enough pins to hold a good part of that.</summary>
    public bool IsPinned => IsReclaimable && Idle.CanPinsHold;

    /// <summary>Memory outside the managed heap; 0 where it is not known.</summary>
    public long NativeBytes => IsKnown ? OccupiedBytes - Collection.CommittedBytes : 0;

    /// <summary>The same without that of byte caches, as far as they were asked.</summary>
    public long OtherNativeBytes => Math.Max(0, NativeBytes - (Caches?.NativeBytes ?? 0));

    /// <summary>Whether bytes are missing that the managed heap may hold.</summary>
    public bool IsMissingInHeap => IsShort && ReleaseThresholds.IsClear(MissingBytes, ExpectedBytes);

    /// <summary>
    /// Whether both readings tell anonymous memory. One of them may not, where the files of the process could be read
    /// only once; RSS is compared then.
    /// </summary>
    private bool IsAnonymousKnown => Reference.AnonymousBytes is not null && After.AnonymousBytes is not null;

    private IdleHeap Idle => IdleHeap.From(Collection, IdleBytes);

    private long SinceBaseline => Request.Baseline is null
        ? ExpectedBytes
        : Math.Min(ExpectedBytes, Request.ExpectedBytes - Request.OlderBytes);

    private bool AreFinalizersMany => Collection.FinalizersPending >= MemoryAnalyzer.ManyFinalizers;

    private long Missing(long expectedBytes) => Math.Min(
        expectedBytes - (Reference.AllocatedBytes - Collection.LiveBytes),
        Math.Max(0, Collection.LiveBytes - (Caches?.Bytes ?? 0)));

    private long Judged(ProcessMemorySnapshot snapshot) =>
        IsAnonymousKnown ? Occupied(snapshot) : snapshot.ResidentBytes;

    /// <summary>Bytes that a process occupies: anonymous memory, or RSS where the platform tells no parts.</summary>
    public static long Occupied(ProcessMemorySnapshot snapshot) => snapshot.AnonymousBytes ?? snapshot.ResidentBytes;

    /// <summary>
    /// What a process lost between two readings, in the figure that both tell; null where one of them tells none.
    /// </summary>
    public static long? Fallen(ProcessMemorySnapshot before, ProcessMemorySnapshot after) =>
        before.IsResidentUnknown || after.IsResidentUnknown ? null
        : before.AnonymousBytes is long old && after.AnonymousBytes is long now ? old - now
        : before.ResidentBytes - after.ResidentBytes;
}
