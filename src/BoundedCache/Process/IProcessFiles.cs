namespace BoundedCache.Process;

/// <summary>
/// The files in which the operating system describes this process, as far as a test can put others in their place.
/// </summary>
internal interface IProcessFiles
{
    /// <summary>Reads the beginning of a file.</summary>
    /// <param name="path">An absolute path, for example <c>/proc/self/status</c>.</param>
    /// <param name="buffer">Filled as far as the file goes; a full buffer may mean that the file goes on.</param>
    /// <returns>Bytes read, or -1 when the file is absent or cannot be read. Never throws.</returns>
    int Read(string path, Span<byte> buffer);

    /// <summary>Opens a file that may be long, to be read from its beginning to its end.</summary>
    /// <param name="path">An absolute path, for example <c>/proc/self/smaps</c>.</param>
    /// <returns>
    /// Null when the file is absent or cannot be opened. Reading it answers no bytes when it fails. Never throws.
    /// </returns>
    Stream? Open(string path);
}
