using System.IO.Compression;
using System.Text;

namespace BoundedCache.TestSupport;

/// <summary>A directory for one test, deleted after it.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("boundedcache-tests-").FullName;

    public string Path { get; }

    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public string WriteGzip(string name, string text)
    {
        using var file = new GZipStream(File.Create(PathOf(name)), CompressionLevel.Fastest);
        file.Write(Encoding.UTF8.GetBytes(text));
        return PathOf(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
