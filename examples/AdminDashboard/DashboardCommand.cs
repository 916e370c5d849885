using System.CommandLine;
using System.CommandLine.Parsing;
using BoundedCache.Examples;

namespace BoundedCache.AdminDashboard;

/// <summary>The command line: the program's description, its options, and what it runs.</summary>
internal sealed class DashboardCommand
{
    private const int DefaultPort = 5080;
    private const int DefaultLookups = 2000;
    private const int MostLookups = 50_000;

    private readonly Option<int> _port = new("--port")
    {
        Description = $"The port on 127.0.0.1, or 0 for any that is free. Default {DefaultPort}.",
        HelpName = "PORT",
        DefaultValueFactory = static _ => DefaultPort,
        CustomParser = static result => Parse(result, 0, ushort.MaxValue),
    };

    private readonly Option<int> _urls = Loopback.UrlsOption(DefaultPort);

    private readonly Option<bool> _prometheus = new("--prometheus")
    {
        Description = "Serve metrics for Prometheus at /metrics. Metrics also go to an OTLP collector where "
            + "OTEL_EXPORTER_OTLP_ENDPOINT names one.",
    };

    private readonly Option<int> _lookups = new("--lookups")
    {
        Description = "The load that the program makes for itself, in lookups a second; 0 for none, "
            + $"at most {MostLookups}. Default {DefaultLookups}.",
        HelpName = "COUNT",
        DefaultValueFactory = static _ => DefaultLookups,
        CustomParser = static result => Parse(result, 0, MostLookups),
    };

    private readonly Option<bool> _auth = new("--auth")
    {
        Description = "Ask for an API key: one key may read, another may also change. "
            + "They are Auth:ReaderKey and Auth:ChangerKey of the configuration (environment: Auth__ReaderKey, "
            + "Auth__ChangerKey), or else made up and printed.",
    };

    private readonly RootCommand _root;

    public DashboardCommand(Func<DashboardOptions, CancellationToken, Task> run) =>
        _root = ServiceCommand.Create(
            """
            Serves the admin page of two caches, which a little load keeps full, on 127.0.0.1.
            Without --auth everybody on this machine may open it and change limits.
            """,
            [_port, _urls, _lookups, _auth, _prometheus],
            (result, stopped) => run(
                new DashboardOptions(
                    result.GetResult(_urls) is { Implicit: false } ? result.GetValue(_urls) : result.GetValue(_port),
                    result.GetValue(_lookups),
                    result.GetValue(_auth),
                    result.GetValue(_prometheus)),
                stopped));

    /// <summary>Runs what the arguments ask for. Errors in them are written to standard error.</summary>
    /// <returns>The exit code: 0 if it was stopped, 1 if it failed, 2 for wrong arguments.</returns>
    public Task<int> InvokeAsync(IReadOnlyList<string> arguments) => ServiceCommand.InvokeAsync(_root, arguments);

    private static int Parse(ArgumentResult result, int least, int most)
    {
        string text = result.Tokens[^1].Value;
        if (!int.TryParse(
            text,
            System.Globalization.NumberStyles.None,
            System.Globalization.CultureInfo.InvariantCulture,
            out int value)
            || value < least
            || value > most)
        {
            result.AddError(
                $"{((OptionResult)result.Parent!).Option.Name}: '{text}' is not a whole number from {least} to {most}");
        }

        return value;
    }
}
