using System.IO.MemoryMappedFiles;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>A memory-mapped file that is in no file system.</summary>
internal sealed class SharedMemory : Cause
{
    private MemoryMappedFile? _file;
    private MemoryMappedViewAccessor? _view;

    public override string Name => "shared-memory";

    public override string Description => "A memory-mapped file without a path, written from end to end.";

    public override MemoryReportCause? Finding => MemoryReportCause.SharedMemory;

    public override void Build(long bytes)
    {
        _file = MemoryMappedFile.CreateNew(mapName: null, bytes);
        _view = _file.CreateViewAccessor();
        for (long offset = 0; offset < bytes; offset += Environment.SystemPageSize)
        {
            _view.Write(offset, (byte)1);
        }
    }

    public override void LetGo()
    {
        _view?.Dispose();
        _file?.Dispose();
    }
}
