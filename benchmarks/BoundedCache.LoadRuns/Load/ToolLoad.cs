using System.Globalization;
using System.Text.RegularExpressions;
using BoundedCache.LoadRuns.Processes;

namespace BoundedCache.LoadRuns.Load;

/// <summary>
/// More load, by <c>wrk</c>: as much as a few connections take. It is a closed loop, which hardly sees a service that
/// stands still, and tells only the sum of it all; so it comes on top of the built-in client, which goes on measuring.
/// </summary>
internal sealed partial class ToolLoad : IAsyncDisposable
{
    private const string Connections = "4";
    private const string MostSeconds = "3600";

    // An interrupt makes the tool say what came of it so far. The shell sends it when its own input ends,
    // as it does with the run.
    private const string Leash = "\"$@\" </dev/null & tool=$!; read -r _; kill -INT $tool; wait $tool";

    private readonly string _tool;
    private readonly ChildProcess _process;

    private ToolLoad(string tool, ChildProcess process)
    {
        _tool = tool;
        _process = process;
    }

    /// <summary>The tools, by the names of their programs.</summary>
    public static IReadOnlyList<string> Tools { get; } = ["wrk"];

    /// <param name="tool">One of <see cref="Tools"/>.</param>
    /// <param name="program">Where it is.</param>
    /// <param name="address">The service.</param>
    public static ToolLoad Start(string tool, string program, Uri address)
    {
        string target = new Uri(address, "/items/random").ToString();
        string[] command = [program, "-t", "1", "-c", Connections, "-d", MostSeconds, target];
        return new ToolLoad(tool, ChildProcess.Start(tool, "/bin/sh", ["-c", Leash, "sh", .. command]));
    }

    /// <summary>Ends it.</summary>
    /// <exception cref="LoadException">It says nothing that can be read.</exception>
    public async Task<ToolTotals> StopAsync()
    {
        await _process.DisposeAsync();
        return Read(_tool, string.Join('\n', _process.Lines));
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <summary>Reads what a tool prints at its end.</summary>
    /// <exception cref="LoadException">There is no number of requests in it.</exception>
    public static ToolTotals Read(string tool, string text)
    {
        Match requests = Requests().Match(text);
        return requests.Success
            ? new ToolTotals(tool, Number(requests.Groups[1]), Failures()
                .Matches(text)
                .SelectMany(static match => match.Groups.Values.Skip(1))
                .Where(static group => group.Success)
                .Sum(Number))
            : throw new LoadException(ExitCode.Failed, $"{tool} did not say how many requests it made: {text.Trim()}");
    }

    private static long Number(Group group) => long.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s*(\d+) requests in ", RegexOptions.Multiline)]
    private static partial Regex Requests();

    [GeneratedRegex(
        @"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)|Non-2xx or 3xx responses: (\d+)",
        RegexOptions.Multiline)]
    private static partial Regex Failures();
}
