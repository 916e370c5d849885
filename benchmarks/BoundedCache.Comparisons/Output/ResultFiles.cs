using System.Text.Json;
using BoundedCache.Harness;

namespace BoundedCache.Comparisons.Output;

/// <summary>
/// Where a result goes: text to standard output, and into a directory, if one was named, the same
/// text, JSON, and a picture.
/// </summary>
internal sealed class ResultFiles
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private readonly string? _directory;
    private readonly string _name;

    private ResultFiles(string? directory, string name, RunStamp stamp) =>
        (_directory, _name, Stamp) = (directory, name, stamp);

    public RunStamp Stamp { get; }

    /// <summary>Finds out before the work begins whether its result will have a place.</summary>
    /// <exception cref="ComparisonException">The directory cannot be written to.</exception>
    public static ResultFiles Prepare(string? directory, string name, IReadOnlyList<string> args)
    {
        if (directory is not null)
        {
            try
            {
                Directory.CreateDirectory(directory);
                string probe = Path.Combine(directory, $".load-{Guid.NewGuid():N}");
                using var stream = new FileStream(
                    probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw new ComparisonException(
                    ExitCode.Usage, $"--output '{directory}' cannot be written to: {failure.Message}", failure);
            }
        }

        // Before the work, too: what is measured is the source as it is now.
        return new ResultFiles(directory, name, RunStamp.Take("benchmarks/BoundedCache.Comparisons", args));
    }

    public void Write<T>(TextWriter output, T result, string text, string? picture)
    {
        string stamped = $"{Stamp}\n\n{text}";
        output.WriteLine(stamped);
        if (_directory is null)
        {
            return;
        }

        File.WriteAllText(PathOf("txt"), stamped);
        File.WriteAllText(PathOf("json"), JsonSerializer.Serialize(new { Stamp, Result = result }, s_indented) + "\n");
        if (picture is not null)
        {
            File.WriteAllText(PathOf("svg"), picture);
        }
    }

    private string PathOf(string extension) => Path.Combine(_directory!, $"{_name}.{extension}");
}
