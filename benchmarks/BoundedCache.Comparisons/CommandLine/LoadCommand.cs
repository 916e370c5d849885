using System.CommandLine;

namespace BoundedCache.Comparisons.CommandLine;

/// <summary>The command line as a whole: four commands, each with options of its own.</summary>
internal static class LoadCommand
{
    public static RootCommand Create(IReadOnlyList<string> args, TextWriter output, TextWriter error) =>
        new("""
            Caches under load: how fast, how often right, how long the longest wait.

            Every cache runs in processes of its own, those of different caches taking turns.
            Exit code 0 when measured, 1 if something failed, 2 if the command line asks for what cannot be done,
            130 after Ctrl+C.
            Sizes are bytes or have a unit: 65536, 100MB, 1.5GiB. MB and MiB both mean 1024 * 1024 bytes.
            """)
        {
            ThroughputCommand.Create(args, output, error),
            HitRatioCommand.Create(args, output, error),
            LatencyCommand.Create(args, output, error),
            MakeTraceCommand.Create(output, error),
        };
}
