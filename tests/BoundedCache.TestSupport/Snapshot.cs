using System.Runtime.CompilerServices;
using System.Text;
using DiffPlex;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;

namespace BoundedCache.TestSupport;

/// <summary>
/// Compares a text with the verified one in a file next to the test. The conventions are the Verify
/// library's: <c>Class.Method.verified.txt</c> is committed; <c>Class.Method.received.txt</c> is written on a mismatch
/// and not committed. To accept the received text, rename the file.
/// </summary>
public static class Snapshot
{
    private const int ContextLines = 2;

    /// <summary>Passes if the text is the verified one, ignoring differences in line ends.</summary>
    /// <param name="received">The text as the code under test made it.</param>
    /// <param name="variant">Distinguishes several snapshots of one test; null for the only one.</param>
    /// <param name="testFile">Set by the compiler.</param>
    /// <param name="testMethod">Set by the compiler.</param>
    /// <exception cref="SnapshotMismatchException">
    /// It differs, or nothing was verified yet; the message shows the difference.
    /// </exception>
    public static void Verify(
        string received,
        string? variant = null,
        [CallerFilePath] string testFile = "",
        [CallerMemberName] string testMethod = "")
    {
        ArgumentNullException.ThrowIfNull(received);
        string name = $"{Path.GetFileNameWithoutExtension(testFile)}.{testMethod}"
            + $"{(variant is null ? string.Empty : $"_{variant}")}";
        string directory = SourceTree.DirectoryOf(testFile);
        string verifiedFile = Path.Combine(directory, $"{name}.verified.txt");
        string receivedFile = Path.Combine(directory, $"{name}.received.txt");
        string text = Normalise(received);
        string? verified = File.Exists(verifiedFile) ? Normalise(File.ReadAllText(verifiedFile)) : null;
        if (text == verified)
        {
            File.Delete(receivedFile);
            return;
        }

        File.WriteAllText(receivedFile, text);
        throw new SnapshotMismatchException(
            verified is null
                ? "Nothing is verified yet. If this is right, "
                    + $"rename {receivedFile} to {Path.GetFileName(verifiedFile)}:\n{text}"
                : $"The text differs from {verifiedFile}. If the new one is right, rename {receivedFile} over it:\n"
                    + $"{Difference(verified, text)}");
    }

    private static string Normalise(string text) => text.ReplaceLineEndings("\n");

    /// <summary>The different lines, with the nearest equal ones.</summary>
    private static string Difference(string verified, string received)
    {
        List<DiffPiece> lines = new InlineDiffBuilder(new Differ())
            .BuildDiffModel(verified, received, ignoreWhitespace: false).Lines;
        var text = new StringBuilder();
        for (int i = 0; i < lines.Count; i++)
        {
            int first = Math.Max(0, i - ContextLines);
            int last = Math.Min(lines.Count - 1, i + ContextLines);
            if (lines[first..(last + 1)].Exists(line => line.Type != ChangeType.Unchanged))
            {
                text.Append(Mark(lines[i].Type)).Append(' ').Append(lines[i].Text).Append('\n');
            }
        }

        return text.ToString();
    }

    private static char Mark(ChangeType type) => type switch
    {
        ChangeType.Inserted => '+',
        ChangeType.Deleted => '-',
        _ => ' ',
    };
}
