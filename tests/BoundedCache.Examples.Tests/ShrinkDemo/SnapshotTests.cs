using System.Runtime.CompilerServices;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ShrinkDemo;

/// <summary>The helper that the other tests compare texts with.</summary>
public class SnapshotTests
{
    [Fact]
    public void The_verified_text_passes_whatever_its_line_ends() => Snapshot.Verify("one\r\ntwo\r\nthree\r\n");

    [Fact]
    public void A_difference_is_shown_and_what_was_received_is_kept()
    {
        string received = Path.Combine(SourceTree.DirectoryOf(SourceFile()), "SnapshotTests.Another.received.txt");
        string verified = received.Replace("received", "verified", StringComparison.Ordinal);
        try
        {
            File.WriteAllText(verified, "one\ntwo\nthree\nfour\nfive\nsix\n");

            SnapshotMismatchException failure =
                Assert.Throws<SnapshotMismatchException>(
                    () => Snapshot.Verify("one\ntwo\nthree\nfour\nfive\nSIX\n", testMethod: "Another"));

            Assert.EndsWith("  four\n  five\n- six\n+ SIX\n  \n", failure.Message, StringComparison.Ordinal);
            Assert.Equal("one\ntwo\nthree\nfour\nfive\nSIX\n", File.ReadAllText(received));
        }
        finally
        {
            File.Delete(received);
            File.Delete(verified);
        }
    }

    private static string SourceFile([CallerFilePath] string file = "") => file;
}
