using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>
/// Reads the limits at which the process would be ended, and what is used of each. Not thread-safe: one look at a time.
/// </summary>
internal sealed class PressureReader(ProcessMemory memory)
{
    private readonly List<MemoryUse> _uses = [];
    private readonly CountedFiles _files = new(memory.Files);
    private List<ControlGroup> _groups = [];
    private int _leastFailures = int.MaxValue;
    private bool _hasMachine;
    private long _fullIndex;
    private long _creditedAtFull;
    private long _cameAtFull;
    private long _lastIndex;
    private long _cameAtLast;

    /// <summary>The last collection of the whole heap, as of the last reading.</summary>
    public long FullIndex => _fullIndex;

    /// <summary>Collections of any kind that have begun. One that begins from now on has a higher index.</summary>
    public long Begun => memory.Collector.AllCollections;

    /// <summary>For how long the last collection of the whole heap stopped the process.</summary>
    public TimeSpan FullPause { get; private set; }

    /// <summary>
    /// Whether the last reading lacks a limit, or its use, that an earlier one had, because a file cannot be read now:
    /// a process without free file descriptors opens none. There may be a limit, and nobody knows how near it is.
    /// </summary>
    public bool IsIncomplete { get; private set; }

    /// <summary>Reads all limits.</summary>
    /// <param name="creditedBytes">Bytes of the managed heap that ever left the caches of the process.</param>
    /// <param name="cameBytes">Bytes of it that ever came into them.</param>
    /// <param name="withMachine">Whether the machine's memory is a limit too.</param>
    /// <returns>Valid until the next call; empty where nothing limits the process.</returns>
    public IReadOnlyList<MemoryUse> Read(long creditedBytes, long cameBytes, bool withMachine)
    {
        _uses.Clear();
        IsIncomplete = !ReadContainer();
        ReadHeap(creditedBytes, cameBytes);
        if (withMachine && ReadMachine() is { } machine)
        {
            _hasMachine = true;
            _uses.Add(machine);
        }
        else
        {
            IsIncomplete |= withMachine && _hasMachine;
        }

        return _uses;
    }

    /// <returns>Whether as much could be read as ever before in these groups.</returns>
    /// <remarks>
    /// Some files are always missing: the root has no limits, and inside a container a part of the way to it is hidden.
    /// A limit that is set or removed in place changes which files are read, not which of them fail.
    /// </remarks>
    private bool ReadContainer()
    {
        _files.Failures = 0;
        List<ControlGroup> groups = ControlGroup.FindAll(_files);
        if (groups.Count == 0 && _groups.Count > 0)
        {
            return false;
        }

        ContainerMemory.Read(_files, groups, _uses);
        bool isKnown = groups.SequenceEqual(_groups);
        if (isKnown && _files.Failures > _leastFailures)
        {
            // Pages that the kernel may drop would look like use.
            _uses.RemoveAll(static use => use.IsAtMost);
            return false;
        }

        (_groups, _leastFailures) = (isKnown ? _groups : groups, _files.Failures);
        return true;
    }

    /// <summary>
    /// Bytes that the process itself holds, to see whether evicting entries freed any. For a limit of the heap what is
    /// live there, as the last collection of the whole heap found it.
    /// </summary>
    public long ReadOwn(MemoryPressureKind kind) =>
        kind is MemoryPressureKind.Container or MemoryPressureKind.Machine
            && memory.TakeSnapshot() is { IsResidentUnknown: false } snapshot
            ? snapshot.AnonymousBytes ?? snapshot.ResidentBytes
            : memory.Collector.ReadLastFull().LiveBytes;

    /// <summary>Committed bytes of the heap in which nothing is alive, as far as the last collection tells.</summary>
    public long ReadIdle(long creditedBytes)
    {
        GCReading last = memory.Collector.ReadLast();
        return Math.Max(0, last.CommittedBytes - last.LiveBytes + Math.Max(0, creditedBytes - _creditedAtFull));
    }

    /// <remarks>
    /// <para>Committed memory is not what counts: before the runtime ends the process, it collects. What survived the
    /// last collection counts. What came into the caches since then is added, because many large entries may come
    /// between two collections. What left the caches since the whole heap was collected is dead, and is subtracted.
    /// </para>
    /// <para>Collections of the young generations find a part of the dead, which would be subtracted twice. So no less
    /// is used than the last collection of the whole heap found, changed by what the caches hold more or less since.
    /// </para>
    /// </remarks>
    private void ReadHeap(long creditedBytes, long cameBytes)
    {
        CollectorSettings settings = memory.Collector.Settings;
        GCReading full = memory.Collector.ReadLastFull();
        if (full.Index != _fullIndex)
        {
            (_fullIndex, FullPause) = (full.Index, full.Pause);
            (_creditedAtFull, _cameAtFull) = (creditedBytes, cameBytes);
        }

        if (settings.HeapHardLimitBytes <= 0)
        {
            return;
        }

        GCReading last = memory.Collector.ReadLast();
        if (last.Index != _lastIndex)
        {
            (_lastIndex, _cameAtLast) = (last.Index, cameBytes);
        }

        long dead = Math.Max(0, creditedBytes - _creditedAtFull);
        long came = Math.Max(0, cameBytes - _cameAtLast);
        long change = cameBytes - _cameAtFull - dead;
        AddHeap(
            MemoryPressureKind.Heap,
            settings.HeapHardLimitBytes,
            last.LiveBytes + last.PinnedHoleBytes + came - dead,
            Math.Min(last.LiveBytes + last.PinnedHoleBytes, full.LiveBytes + full.PinnedHoleBytes + change));

        // Which part entries came to or left is not known: each part may have held all of the dead, and none that came.
        change = Math.Min(0, change);
        AddHeap(
            MemoryPressureKind.SmallObjects,
            settings.SmallObjectLimitBytes,
            last.SmallLiveBytes - dead,
            Math.Min(last.SmallLiveBytes, full.SmallLiveBytes + change));
        AddHeap(
            MemoryPressureKind.LargeObjects,
            settings.LargeObjectLimitBytes,
            last.LargeLiveBytes - dead,
            Math.Min(last.LargeLiveBytes, full.LargeLiveBytes + change));
        AddHeap(
            MemoryPressureKind.PinnedObjects,
            settings.PinnedObjectLimitBytes,
            last.PinnedLiveBytes - dead,
            Math.Min(last.PinnedLiveBytes, full.PinnedLiveBytes + change));
    }

    private void AddHeap(MemoryPressureKind kind, long limitBytes, long usedBytes, long leastBytes)
    {
        if (limitBytes > 0)
        {
            _uses.Add(new MemoryUse(kind, limitBytes, Math.Max(0, Math.Max(usedBytes, leastBytes))));
        }
    }

    private MemoryUse? ReadMachine()
    {
        if (ContainerMemory.ReadMachine(memory.Files) is { } machine)
        {
            return machine;
        }

        // Under a hard limit the runtime tells that instead of the machine's memory.
        GCReading last = memory.Collector.ReadLast();
        return last.AvailableBytes > 0 && memory.Collector.Settings.HeapHardLimitBytes == 0
            ? new MemoryUse(MemoryPressureKind.Machine, last.AvailableBytes, last.MemoryLoadBytes)
            : null;
    }

    /// <summary>Counts the files that cannot be read.</summary>
    private sealed class CountedFiles(IProcessFiles files) : IProcessFiles
    {
        public int Failures { get; set; }

        public int Read(string path, Span<byte> buffer)
        {
            int length = files.Read(path, buffer);
            Failures += length < 0 ? 1 : 0;
            return length;
        }

        public Stream? Open(string path) => files.Open(path);
    }
}
