using System.IO.Compression;
using System.Text;

namespace BoundedCache.Harness.Traces;

/// <summary>
/// Reads an access trace, plain or gzipped, request by request; never more of it than one buffer is in memory, whatever
/// the file holds. Compression is told by the file's first bytes, not by its name.
/// </summary>
public sealed class TraceReader : IDisposable
{
    /// <summary>
    /// Longer lines are not lines of a trace; without a bound a file of another kind would be read into memory whole.
    /// </summary>
    private const int MostLineCharacters = 16 * 1024;

    /// <summary>
    /// Without this a compressed file that was cut off ends like a whole one, in the middle of a line if need be.
    /// </summary>
    private const string StrictCompression = "System.IO.Compression.UseStrictValidation";

    private readonly string _path;
    private readonly long? _sizeOfKeysAlone;
    private readonly FileStream _file;
    private readonly StreamReader _text;
    private readonly char[] _buffer = new char[2 * MostLineCharacters];
    private int _start;
    private int _end;
    private bool _finished;

    static TraceReader() => AppContext.SetSwitch(StrictCompression, true);

    /// <param name="path">The file, as the user named it.</param>
    /// <param name="sizeOfKeysAlone">
    /// The size in bytes of requests that name only a key; null where such a line is malformed.
    /// </param>
    /// <exception cref="TraceException">The file cannot be opened.</exception>
    public TraceReader(string path, long? sizeOfKeysAlone = null)
    {
        _path = path;
        _sizeOfKeysAlone = sizeOfKeysAlone;
        try
        {
            _file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, FileOptions.SequentialScan);
            _text = new StreamReader(
                IsGzip(_file) ? new GZipStream(_file, CompressionMode.Decompress) : _file, Encoding.UTF8);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            _file?.Dispose();
            throw Unreadable(failure);
        }
    }

    /// <summary>The number of the line that was read last, from 1.</summary>
    public long LineNumber { get; private set; }

    /// <summary>How much of the file has been read, from 0 to 1.</summary>
    public double Share => _file.Length == 0 ? 1 : (double)_file.Position / _file.Length;

    /// <summary>Reads the next request.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="TraceException">A line is malformed, or the file cannot be read any further.</exception>
    public bool TryRead(out TraceRequest request)
    {
        while (TryReadLine(out ReadOnlySpan<char> line))
        {
            LineNumber++;
            if (TraceLine.IsSkipped(line))
            {
                continue;
            }

            return TraceLine.TryParse(line, out request, _sizeOfKeysAlone) ? true : throw Malformed(line);
        }

        request = default;
        return false;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _text.Dispose();

    private static bool IsGzip(FileStream file)
    {
        Span<byte> magic = stackalloc byte[2];
        int read = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        file.Position = 0;
        return read == magic.Length && magic[0] == 0x1f && magic[1] == 0x8b;
    }

    private bool TryReadLine(out ReadOnlySpan<char> line)
    {
        int scanned = 0;
        while (true)
        {
            ReadOnlySpan<char> unread = _buffer.AsSpan(_start, _end - _start);
            int length = unread[scanned..].IndexOf('\n');
            if (length >= 0)
            {
                line = unread[..(scanned + length)];
                _start += line.Length + 1;
                return true;
            }

            scanned = unread.Length;
            if (scanned > MostLineCharacters)
            {
                LineNumber++;
                throw Malformed(unread);
            }

            if (_finished)
            {
                line = unread;
                _start = _end;
                return !line.IsEmpty;
            }

            Refill();
        }
    }

    private void Refill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        try
        {
            int read = _text.Read(_buffer.AsSpan(_end));
            _end += read;
            _finished = read == 0;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw Unreadable(failure);
        }
    }

    private TraceException Malformed(ReadOnlySpan<char> line) =>
        new($"{_path}, line {LineNumber}: '{TraceLine.Quote(line)}' is not {TraceLine.Expected}");

    private TraceException Unreadable(Exception failure) =>
        new(
            $"{_path} cannot be "
                + $"read{(LineNumber == 0 ? string.Empty : $" beyond line {LineNumber}")}: {failure.Message}",
            failure);
}
