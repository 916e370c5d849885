using System.Globalization;
using System.Text;
using BoundedCache.Memory;
using BoundedCache.Memory.Attribution;

namespace BoundedCache.Tests.Memory;

/// <summary>
/// A process of a few numbers: its files and its collector behave as the real ones do, with bytes that tests put in. Hooks
/// run inside its collections and finalizer waits, for tests to hold them there.
/// </summary>
internal sealed class FakeProcess : IProcessFiles, IGarbageCollector
{
    public const long MiB = 1024 * 1024;

    private long _committedBytes;
    private long _finalizedBytes;
    private GCReading _last;

    public long LiveBytes { get; set; } = 40 * MiB;

    public long DeadBytes { get; set; }

    /// <summary>Dead bytes that only go once their finalizers have run.</summary>
    public long FinalizableBytes { get; set; }

    /// <summary>Bytes of emptied heap that no collection can give back.</summary>
    public long StuckBytes { get; set; }

    public long NativeBytes { get; set; } = 2 * MiB;

    public long PinnedObjects { get; set; } = 1;

    public long FragmentedBytes { get; set; }

    /// <summary>How many of the next collections another one takes the place of.</summary>
    public int Swallow { get; set; }

    public int Collections { get; private set; }

    public int FinalizerWaits { get; private set; }

    public Action<int> DuringCollection { get; set; } = static _ => { };

    public Action DuringFinalizerWait { get; set; } = static () => { };

    public List<string> Threads { get; } = [];

    public long AllocatedBytes => LiveBytes + DeadBytes + FinalizableBytes + _finalizedBytes;

    public TimeSpan TotalPause => TimeSpan.FromMilliseconds(30 * Collections);

    public bool IsInNoGCRegion { get; set; }

    public string? Replacement { get; set; }

    public CollectorSettings Settings { get; set; }

    public long HeapAnchor { get; set; }

    /// <summary>The text of <c>/proc/self/smaps</c>; null where there is none.</summary>
    public string? Mappings { get; set; }

    public ProcessMemory Memory => new(this, this);

    public GCReading ReadLast() => _last;

    public GCReading ReadLastFullBlocking() => _last;

    public void SetLast(GCReading reading) => _last = reading;

    public void CollectAggressively()
    {
        Collections++;
        Threads.Add($"{Thread.CurrentThread.Name}|{Thread.CurrentThread.IsBackground}|{Thread.CurrentThread.IsThreadPoolThread}");
        DuringCollection(Collections);
        bool swallowed = Swallow-- > 0;
        long heapBefore = Math.Max(_committedBytes, AllocatedBytes);
        DeadBytes = 0;
        _finalizedBytes = 0;
        long heap = LiveBytes + FinalizableBytes;
        _committedBytes = swallowed ? heapBefore : heap + StuckBytes;
        _last = new GCReading
        {
            Index = _last.Index + 1,
            Generation = 2,
            Compacted = !swallowed,
            HeapBytes = heap + FragmentedBytes,
            FragmentedBytes = FragmentedBytes,
            CommittedBytes = _committedBytes,
            PinnedObjects = PinnedObjects,
            FinalizersPending = FinalizableBytes > 0 ? 1000 : 1,
        };
    }

    public void CollectFully() => CollectAggressively();

    public Stream? Open(string path) =>
        path == "/proc/self/smaps" && Mappings is not null ? new MemoryStream(Encoding.ASCII.GetBytes(Mappings)) : null;

    public void WaitForPendingFinalizers()
    {
        FinalizerWaits++;
        DuringFinalizerWait();
        _finalizedBytes += FinalizableBytes;
        FinalizableBytes = 0;
    }

    public int Read(string path, Span<byte> buffer)
    {
        if (path != "/proc/self/status")
        {
            return -1;
        }

        long anonymous = (Math.Max(_committedBytes, AllocatedBytes) + NativeBytes) / 1024;
        string text = string.Create(
            CultureInfo.InvariantCulture, $"VmHWM:\t{anonymous + 9} kB\nVmRSS:\t{anonymous + 5} kB\nRssAnon:\t{anonymous} kB\nRssFile:\t5 kB\nThreads:\t7\n");
        return Encoding.ASCII.GetBytes(text, buffer);
    }
}
