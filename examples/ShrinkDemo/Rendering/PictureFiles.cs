using BoundedCache.Charts;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Results;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>Writes a result's pictures, all of them or none.</summary>
internal static class PictureFiles
{
    private const string BaseName = "shrinkdemo";

    /// <returns>The files' paths.</returns>
    /// <exception cref="DemoException">They cannot be written.</exception>
    public static IReadOnlyList<string> Write(string directory, DemoResult result)
    {
        string name = BaseName + result.Setup.Cache.FileSuffix();
        return Write(
            directory,
            [
                ($"{name}.svg", SvgChartWriter.Write(StoryChart.Create(result))),
                ($"{name}.html", HtmlReport.Write(result)),
            ]);
    }

    /// <returns>The files' paths.</returns>
    /// <exception cref="DemoException">They cannot be written.</exception>
    public static IReadOnlyList<string> Write(string directory, ComparisonResult result) => Write(
        directory,
        [
            ($"{BaseName}-compare.svg", SvgChartWriter.Write(StoryChart.Create(result))),
            ($"{BaseName}-compare.html", HtmlReport.Write(result)),
        ]);

    private static List<string> Write(string directory, IReadOnlyList<(string Name, string Text)> files)
    {
        var temporary = new List<string>();
        try
        {
            Directory.CreateDirectory(directory);
            foreach ((string name, string text) in files)
            {
                temporary.Add(Path.Combine(directory, $".{name}.{Environment.ProcessId}.tmp"));
                File.WriteAllText(temporary[^1], text);
            }

            var written = new List<string>();
            foreach ((string name, _) in files)
            {
                written.Add(Path.Combine(directory, name));
                File.Move(temporary[written.Count - 1], written[^1], overwrite: true);
            }

            return written;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            temporary.ForEach(Discard);
            throw new DemoException(
                ExitCode.Failed, $"the pictures cannot be written to {directory}: {failure.Message}", failure);
        }
    }

    private static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The first failure is the one to report.
        }
    }
}
