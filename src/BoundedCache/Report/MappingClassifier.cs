using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>Sorts mappings by their purpose, which it finds by their names, neighbours and addresses.</summary>
internal sealed class MappingClassifier
{
    /// <summary>
    /// The size and alignment of glibc's arenas beside the program break
    /// (<c>HEAP_MAX_SIZE</c>). Each is reserved whole.
    /// </summary>
    private const long ArenaBytes = 64L * 1024 * 1024;

    /// <summary>The largest guard below a thread's stack: one page, and the largest pages have 64 KiB.</summary>
    private const long LargestGuardBytes = 64 * 1024;

    private readonly IReadOnlyList<Mapping> _mappings;
    private readonly Range? _heap;
    private int _arenas;
    private long _arenasEnd;

    private MappingClassifier(IReadOnlyList<Mapping> mappings, HeapPlace? heap)
    {
        _mappings = mappings;
        _heap = heap is HeapPlace place ? ManagedHeapRange.Find(mappings, place) : null;
    }

    /// <summary>What a mapping is for. A file's mapping has clean pages and written ones.</summary>
    private enum Use
    {
        Other,
        Heap,
        Allocator,
        Stack,
        Shared,
        File,
    }

    /// <summary>Sorts the mappings and adds up their bytes.</summary>
    /// <param name="mappings">All mappings in the order of their addresses.</param>
    /// <param name="heap">Where the managed heap is; null where that is not known.</param>
    public static AddressSpace Classify(IReadOnlyList<Mapping> mappings, HeapPlace? heap) =>
        new MappingClassifier(mappings, heap).Classify();

    private AddressSpace Classify()
    {
        long[] bytes = new long[Enum.GetValues<Use>().Length];
        long written = 0;
        Dictionary<string, long> files = [];
        for (int index = 0; index < _mappings.Count; index++)
        {
            Mapping mapping = _mappings[index];
            Use use = UseOf(index);
            bytes[(int)use] += mapping.ResidentBytes;
            if (use == Use.File)
            {
                long clean = Math.Max(0, mapping.ResidentBytes - mapping.AnonymousBytes);
                written += mapping.ResidentBytes - clean;
                files[mapping.Path!] = files.GetValueOrDefault(mapping.Path!) + clean;
            }
        }

        KeyValuePair<string, long> largest = files.OrderByDescending(static pair => pair.Value).FirstOrDefault();
        return new AddressSpace
        {
            ResidentBytes = bytes.Sum(),
            HeapBytes = _heap is null ? null : bytes[(int)Use.Heap],
            FileBytes = bytes[(int)Use.File] - written,
            SharedBytes = bytes[(int)Use.Shared],
            AllocatorBytes = bytes[(int)Use.Allocator],
            Arenas = _arenas,
            StackBytes = bytes[(int)Use.Stack],
            WrittenFileBytes = written,
            OtherBytes = bytes[(int)Use.Other],
            HugePageBytes = _mappings.Sum(static mapping => mapping.HugePageBytes),
            LargestFile = largest.Value > 0 ? largest.Key : null,
            LargestFileBytes = largest.Value,
        };
    }

    private Use UseOf(int index) => _mappings[index].Path switch
    {
        null => UseOfAnonymous(index),
        "[heap]" => Use.Allocator,
        "[stack]" => Use.Stack,
        string name when name.StartsWith('[') => Use.Other,
        string path => IsSharedMemory(path) ? Use.Shared : Use.File,
    };

    private Use UseOfAnonymous(int index)
    {
        if (_heap is Range heap && index >= heap.Start.Value && index < heap.End.Value)
        {
            return Use.Heap;
        }

        Mapping mapping = _mappings[index];
        if (mapping.Start >= _arenasEnd && EndOfArenas(index) is long end)
        {
            _arenas += (int)((end - mapping.Start) / ArenaBytes);
            _arenasEnd = end;
        }

        return mapping.Start < _arenasEnd ? Use.Allocator : IsAboveGuard(index) ? Use.Stack : Use.Other;
    }

    /// <summary>
    /// The end of the arenas that begin with a mapping; null when none does. Full arenas side by side are one mapping.
    /// </summary>
    private long? EndOfArenas(int index)
    {
        Mapping first = _mappings[index];
        if (!first.IsWritable || first.Start % ArenaBytes != 0)
        {
            return null;
        }

        // The used part of an arena comes first, so its inaccessible part ends it, at a multiple of its size.
        long end = first.End;
        for (int next = index + 1; end % ArenaBytes != 0; next++)
        {
            if (next == _mappings.Count || _mappings[next].Path is not null || _mappings[next].Start != end)
            {
                return null;
            }

            end = _mappings[next].End;
            if (!_mappings[next].IsAccessible)
            {
                break;
            }
        }

        return end % ArenaBytes == 0 ? end : null;
    }

    private bool IsAboveGuard(int index) =>
        index > 0
        && _mappings[index].IsWritable
        && _mappings[index - 1] is { IsAccessible: false, Path: null, Length: <= LargestGuardBytes } guard
        && guard.End == _mappings[index].Start;

    private static bool IsSharedMemory(string path) =>
        path.StartsWith("/memfd:", StringComparison.Ordinal) || path.StartsWith("/dev/shm/", StringComparison.Ordinal)
        || path.StartsWith("/SYSV", StringComparison.Ordinal) || path.StartsWith("/dev/zero", StringComparison.Ordinal);
}

/// <summary>
/// The resident memory of this process by what it is for, in bytes, as the kernel counts its pages.
/// </summary>
internal sealed record AddressSpace
{
    /// <summary>All resident memory: the sum of the rest.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>The managed heap; null where it could not be found.</summary>
    public required long? HeapBytes { get; init; }

    /// <summary>Unmodified pages of mapped files.</summary>
    public required long FileBytes { get; init; }

    /// <summary>
    /// Shared memory without a file on a disk: memory files, shared segments, and the code that the runtime compiled.
    /// </summary>
    public required long SharedBytes { get; init; }

    /// <summary>The native allocator's memory: the program break and the arenas beside it.</summary>
    public required long AllocatorBytes { get; init; }

    /// <summary>The native allocator's arenas beside the first.</summary>
    public required int Arenas { get; init; }

    /// <summary>Thread stacks.</summary>
    public required long StackBytes { get; init; }

    /// <summary>Private pages of mapped files that were written to: the data of native libraries.</summary>
    public required long WrittenFileBytes { get; init; }

    /// <summary>
    /// Anonymous memory that is none of the above: large native allocations, the runtime's own tables and loaders.
    /// </summary>
    public required long OtherBytes { get; init; }

    /// <summary>The part of it in transparent huge pages.</summary>
    public required long HugePageBytes { get; init; }

    /// <summary>The mapped file with the most resident bytes; null when none has any.</summary>
    public required string? LargestFile { get; init; }

    /// <summary>The resident bytes of <see cref="LargestFile"/>.</summary>
    public required long LargestFileBytes { get; init; }
}
