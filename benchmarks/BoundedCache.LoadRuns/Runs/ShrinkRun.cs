using BoundedCache.Harness;
using BoundedCache.LoadRuns.Peers;
using BoundedCache.LoadRuns.Results;

namespace BoundedCache.LoadRuns.Runs;

/// <summary>
/// The shrink story of one peer after the other. Rows of an earlier run are kept where only some are asked for.
/// </summary>
internal sealed class ShrinkRun(ShrinkOptions options, string command)
{
    /// <param name="earlier">What an earlier run came to; null for none.</param>
    /// <param name="cancellationToken">Ends the run, and everything that it started.</param>
    /// <exception cref="LoadException">
    /// The earlier run was of other sizes, a program is missing that must not be, or a process failed.
    /// </exception>
    public async Task<ShrinkResult> RunAsync(ShrinkResult? earlier, CancellationToken cancellationToken)
    {
        bool isPart = options.Rows.Count > 0;
        if (isPart && earlier is not null && !IsLike(earlier))
        {
            throw new LoadException(
                ExitCode.Usage,
                "the rows that are there were measured with other limits, another rate or another collector; "
                    + "leave --rows out, or choose another --output");
        }

        var stamp = RunStamp.Take(command);
        var rows = new Dictionary<string, ShrinkRow>();
        var skipped = new List<string>();
        foreach (IPeer peer in AllPeers.List)
        {
            if (isPart && !options.Rows.Contains(peer.Name))
            {
                if (earlier?.Rows.FirstOrDefault(row => row.Name == peer.Name) is { } kept)
                {
                    rows[peer.Name] = kept;
                }
            }
            else if (peer.MissingProgram is { } program)
            {
                skipped.Add(Missing.Program(peer.Name, program));
            }
            else
            {
                rows[peer.Name] = await new ShrinkStory(peer, options, stamp).TellAsync(cancellationToken);
            }
        }

        return new ShrinkResult
        {
            MaxBytes = options.MaxBytes,
            NewMaxBytes = options.NewMaxBytes,
            RequestsPerSecond = options.RequestsPerSecond,
            ServerGC = options.ServerGC,
            Rows = [.. AllPeers.List.Where(peer => rows.ContainsKey(peer.Name)).Select(peer => rows[peer.Name])],
            Skipped = skipped,
        };
    }

    private bool IsLike(ShrinkResult earlier) =>
        earlier.MaxBytes == options.MaxBytes && earlier.NewMaxBytes == options.NewMaxBytes
        && earlier.RequestsPerSecond == options.RequestsPerSecond && earlier.ServerGC == options.ServerGC;
}
