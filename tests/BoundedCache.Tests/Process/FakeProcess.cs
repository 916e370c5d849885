using System.Globalization;
using System.Text;
using BoundedCache.Process;

namespace BoundedCache.Tests.Process;

/// <summary>
/// A process of a few numbers: its files and its collector behave as the real ones do, with bytes that tests put in.
/// Hooks run inside its collections and finalizer waits, for tests to hold them there.
/// </summary>
internal sealed class FakeProcess : IProcessFiles, IGarbageCollector, INativeAllocator
{
    public const long MiB = 1024 * 1024;

    private long _committedBytes;
    private long _finalizedBytes;
    // Most of the heap is small objects, before any collection too.
    private GCReading _last = new() { HeapBytes = 40 * MiB };
    private GCReading _lastBlocking;
    private GCReading _lastBackground;
    private TimeSpan _pause;
    private bool _isInNoGCRegion;
    private int _regionReads;
    private int _inFlight;
    private TimeSpan _stepPause;

    public long LiveBytes { get; set; } = 40 * MiB;

    /// <summary>The part of <see cref="LiveBytes"/> in large objects.</summary>
    public long LargeLiveBytes { get; set; }

    public long DeadBytes { get; set; }

    /// <summary>Dead bytes that only go once their finalizers have run.</summary>
    public long FinalizableBytes { get; set; }

    /// <summary>Bytes of emptied heap that no collection can give back.</summary>
    public long StuckBytes { get; set; }

    public long NativeBytes { get; set; } = 2 * MiB;

    public long FileBytes { get; set; } = 5 * 1024;

    public long PinnedObjects { get; set; } = 1;

    public long FragmentedBytes { get; set; }

    public long LargeHoleBytes { get; set; }

    public long PinnedHoleBytes { get; set; }

    /// <summary>Whether the memory of the process can be read.</summary>
    public bool IsHidden { get; set; }

    /// <summary>Whether only RSS can be read of it, and no part.</summary>
    public bool TellsNoParts { get; set; }

    /// <summary>The text of <c>/proc/self/maps</c>; null where there is none.</summary>
    public string? Maps { get; set; }

    public long MallocAddress { get; set; }

    /// <summary>Time for which collections of others stop the process during each of this one's.</summary>
    public TimeSpan OthersPause { get; set; }

    /// <summary>Other files by path.</summary>
    public Dictionary<string, string> Files { get; } = [];

    /// <summary>Time for which a background collection stops the process.</summary>
    public TimeSpan BackgroundPause { get; set; }

    /// <summary>Time for which the collector says that a compacting collection stopped the process.</summary>
    public TimeSpan CompactingPause { get; set; }

    /// <summary>
    /// Time for which the collector says that a blocking collection stopped the process; null for the usual.
    /// </summary>
    public TimeSpan? FullPause { get; set; }

    /// <summary>How many of the next collections another one takes the place of.</summary>
    public int Swallow { get; set; }

    public int Collections { get; private set; }

    public int FinalizerWaits { get; private set; }

    public Action<int> DuringCollection { get; set; } = static _ => { };

    public Action DuringTrim { get; set; } = static () => { };

    public Action DuringFinalizerWait { get; set; } = static () => { };

    public List<string> Threads { get; } = [];

    public long AllocatedBytes => LiveBytes + DeadBytes + FinalizableBytes + _finalizedBytes;

    public TimeSpan TotalPause => _pause;

    public bool IsInNoGCRegion
    {
        get
        {
            Interlocked.Increment(ref _regionReads);
            return Volatile.Read(ref _isInNoGCRegion);
        }

        set => Volatile.Write(ref _isInNoGCRegion, value);
    }

    /// <summary>How often somebody looked whether there is a no-GC region.</summary>
    public int RegionReads => Volatile.Read(ref _regionReads);

    public CollectorSettings Settings { get; set; }

    public long HeapAnchor { get; set; }

    /// <summary>The text of <c>/proc/self/smaps</c>; null where there is none.</summary>
    public string? Mappings { get; set; }

    public ProcessMemory Memory => new(this, this, this, () => IsHidden ? 0 : 1);

    /// <summary>How much a small collection gives back of what lies empty.</summary>
    public long SliceBytes { get; set; } = 50 * MiB;

    /// <summary>Small collections that give nothing back before the first that does.</summary>
    public int FruitlessSlices { get; set; }

    /// <summary>Whether the dead lie between the living: then only compacting empties regions.</summary>
    public bool IsScattered { get; set; }

    /// <summary>
    /// Background collections under way, which have begun, and which take the place of those asked for.
    /// </summary>
    public int InFlight
    {
        get => _inFlight;
        set
        {
            FullCollections += Math.Max(0, value - Math.Max(0, _inFlight));
            _inFlight = value;
        }
    }

    /// <summary>Whether collections that are asked for in the background stop the process.</summary>
    public bool IsBackgroundBlocking { get; set; }

    /// <summary>The steps of a gentle release, as they came.</summary>
    public List<string> Steps { get; } = [];

    public Action<string> DuringStep { get; set; } = static _ => { };

    /// <summary>Free bytes that the native allocator holds; null where it cannot be asked.</summary>
    public long? NativeFreeBytes { get; set; } = 0;

    /// <summary>The last collection of the young generations alone.</summary>
    public GCReading LastYoung { get; set; }

    public int FullCollections { get; private set; }

    public int YoungCollections { get; private set; }

    public int AllCollections => FullCollections + YoungCollections;

    public long TotalAllocatedBytes { get; set; }

    /// <summary>Whether reading the process throws.</summary>
    public bool IsBroken { get; set; }

    public GCReading ReadLast() => IsBroken ? throw new InsufficientMemoryException() : _last;

    public GCReading ReadLastYoung() => LastYoung;

    public GCReading ReadLastFullBlocking() => _lastBlocking;

    public GCReading ReadLastBackground() => _lastBackground;

    public void SetLast(GCReading reading) => _last = _lastBlocking = reading;

    public void SetLastOfAnyKind(GCReading reading) => _last = reading;

    /// <summary>What collections find pending where there are no finalizable bytes.</summary>
    public long PendingFinalizers { get; set; } = 1;

    public void CollectInBackground()
    {
        Step("background", 1);
        if (_inFlight-- <= 0)
        {
            FullCollections++;
            _committedBytes = Math.Max(_committedBytes, AllocatedBytes + FragmentedBytes);
            FragmentedBytes += IsScattered ? DeadBytes : 0;
            DeadBytes = 0;
            _finalizedBytes = 0;
        }

        if (IsBackgroundStuck)
        {
            return;
        }

        if (IsBackgroundBlocking)
        {
            _lastBlocking = _last = Look(2);
        }
        else
        {
            EndBackground();
        }
    }

    /// <summary>Whether collections in the background begin and do not end.</summary>
    public bool IsBackgroundStuck { get; set; }

    /// <summary>Ends one.</summary>
    public void EndBackground() => _lastBackground = _last = Look(2) with
    {
        Concurrent = true,
        Pause = BackgroundPause,
    };

    public void CollectCompacting()
    {
        Step("compacting", 20);
        FullCollections++;
        FragmentedBytes = 0;
        _lastBlocking = _last = Look(2) with { Compacted = true, Pause = CompactingPause };
    }

    public void CollectYoung(int generation)
    {
        Step($"young {generation}", 2);
        YoungCollections++;
        long empty = _committedBytes - StuckBytes - LiveBytes - FinalizableBytes - FragmentedBytes;
        _committedBytes -= FruitlessSlices-- > 0 ? 0 : Math.Clamp(empty, 0, SliceBytes);
        _last = Look(generation);
    }

    public void CompactYoung()
    {
        Step("compacting young", 2);
        YoungCollections++;
    }

    public bool TryTrim()
    {
        DuringTrim();
        NativeBytes -= NativeFreeBytes ?? 0;
        return NativeFreeBytes is not null;
    }

    private void Step(string name, int pauseMilliseconds)
    {
        if (Steps.Count == 0 || Steps[^1] != name)
        {
            Steps.Add(name);
        }

        _stepPause = TimeSpan.FromMilliseconds(pauseMilliseconds);
        _pause += _stepPause + OthersPause;
        DuringStep(name);
    }

    private GCReading Look(int generation) => new()
    {
        Index = _last.Index + 1,
        Generation = generation,
        HeapBytes = LiveBytes + FinalizableBytes + FragmentedBytes,
        FragmentedBytes = FragmentedBytes,
        LargeLiveBytes = LargeLiveBytes,
        LargeHoleBytes = LargeHoleBytes,
        PinnedHoleBytes = PinnedHoleBytes,
        CommittedBytes = _committedBytes,
        Pause = _stepPause,
        PinnedObjects = PinnedObjects,
        FinalizersPending = FinalizableBytes > 0 ? 1000 : PendingFinalizers,
    };

    public void CollectAggressively() => CollectAll("aggressive");

    public void CollectBlocking() => CollectAll("blocking");

    private void CollectAll(string name)
    {
        Collections++;
        FullCollections++;
        Step(name, 30);
        Threads.Add($"{Thread.CurrentThread.Name}|{Thread.CurrentThread.IsBackground}|"
            + $"{Thread.CurrentThread.IsThreadPoolThread}");
        DuringCollection(Collections);
        bool swallowed = Swallow-- > 0;
        long heapBefore = Math.Max(_committedBytes, AllocatedBytes);
        DeadBytes = 0;
        _finalizedBytes = 0;
        long heap = LiveBytes + FinalizableBytes;
        _committedBytes = swallowed ? heapBefore : heap + StuckBytes;
        _last = _lastBlocking = new GCReading
        {
            Index = _last.Index + 1,
            Generation = 2,
            Compacted = !swallowed,
            HeapBytes = heap + FragmentedBytes,
            FragmentedBytes = FragmentedBytes,
            LargeLiveBytes = LargeLiveBytes,
            LargeHoleBytes = LargeHoleBytes,
            PinnedHoleBytes = PinnedHoleBytes,
            CommittedBytes = _committedBytes,
            Pause = FullPause ?? _stepPause,
            PinnedObjects = PinnedObjects,
            FinalizersPending = FinalizableBytes > 0 ? 1000 : PendingFinalizers,
        };
    }

    public Stream? Open(string path) =>
        path == "/proc/self/smaps" && Mappings is not null ? new MemoryStream(Encoding.ASCII.GetBytes(Mappings))
        : path == "/proc/self/maps" && Maps is not null ? new MemoryStream(Encoding.ASCII.GetBytes(Maps))
        : null;

    public void WaitForPendingFinalizers()
    {
        FinalizerWaits++;
        DuringFinalizerWait();
        _finalizedBytes += FinalizableBytes;
        FinalizableBytes = 0;
    }

    public int Read(string path, Span<byte> buffer)
    {
        if (path != "/proc/self/status" || IsHidden)
        {
            return Files.TryGetValue(path, out string? file) ? Encoding.ASCII.GetBytes(file, buffer) : -1;
        }

        long anonymous = (Math.Max(_committedBytes, AllocatedBytes) + NativeBytes) / 1024;
        long files = FileBytes / 1024;
        string parts = string.Create(
            CultureInfo.InvariantCulture, $"RssAnon:\t{anonymous} kB\nRssFile:\t{files} kB\n");
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"VmHWM:\t{anonymous + files + 4} kB\nVmRSS:\t{anonymous + files} kB\n")
            + (TellsNoParts ? "" : parts) + "Threads:\t7\n";
        return Encoding.ASCII.GetBytes(text, buffer);
    }
}
