using System.IO.MemoryMappedFiles;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>A mapped file, read from its beginning to its end.</summary>
internal sealed class MappedFiles : Cause
{
    private string? _path;
    private MemoryMappedFile? _file;
    private MemoryMappedViewAccessor? _view;

    public override string Name => "mapped-file";

    public override string Description => "A temporary file, mapped and read.";

    public override MemoryReportCause? Finding => MemoryReportCause.MappedFiles;

    public override void Build(long bytes)
    {
        _path = Path.Combine(Path.GetTempPath(), $"explain-rss-{Environment.ProcessId}.tmp");
        try
        {
            using (FileStream stream = File.Create(_path))
            {
                byte[] chunk = new byte[64 * 1024];
                for (long built = 0; built < bytes; built += chunk.Length)
                {
                    stream.Write(chunk);
                }
            }

            _file = MemoryMappedFile.CreateFromFile(
                _path, FileMode.Open, mapName: null, capacity: 0, MemoryMappedFileAccess.Read);
            _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        }
        catch (IOException failure)
        {
            throw new ExplainException(ExitCode.Failed, $"{_path} cannot be written: {failure.Message}", failure);
        }

        for (long offset = 0; offset < bytes; offset += Environment.SystemPageSize)
        {
            _view.ReadByte(offset);
        }
    }

    public override void LetGo()
    {
        _view?.Dispose();
        _file?.Dispose();
        if (_path is not null)
        {
            File.Delete(_path);
        }
    }
}
