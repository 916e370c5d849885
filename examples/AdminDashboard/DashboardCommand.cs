using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace BoundedCache.AdminDashboard;

/// <summary>The command line: the program's description, its options, and what it runs.</summary>
internal sealed class DashboardCommand
{
    private const int HelpWidth = 110;
    private const int DefaultPort = 5080;
    private const int DefaultLookups = 2000;
    private const int MostLookups = 50_000;
    private const int UsageError = 2;

    private readonly Option<int> _port = new("--port")
    {
        Description = $"The port on 127.0.0.1, or 0 for any that is free. Default {DefaultPort}.",
        HelpName = "PORT",
        DefaultValueFactory = static _ => DefaultPort,
        CustomParser = static result => Parse(result, 0, ushort.MaxValue),
    };

    private readonly Option<int?> _urls = new("--urls")
    {
        Description = "The same as a URL: http://127.0.0.1:PORT. It listens on 127.0.0.1 whatever the host is.",
        HelpName = "URL",
        CustomParser = static result => ParseUrl(result),
    };

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

    private readonly RootCommand _root = new("""
        Serves the admin page of two caches, which a little load keeps full, on 127.0.0.1.
        Without --auth everybody on this machine may open it and change limits.
        """);

    public DashboardCommand(Func<DashboardOptions, CancellationToken, Task> run)
    {
        foreach (Option option in (Option[])[_port, _urls, _lookups, _auth, _prometheus])
        {
            _root.Options.Add(option);
        }

        foreach (HelpOption help in _root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpAction { MaxWidth = HelpWidth };
        }

        _root.Options.Remove(_root.Options.OfType<VersionOption>().Single());
        _root.SetAction(async (result, cancellationToken) =>
        {
            await run(
                new DashboardOptions(
                    result.GetValue(_urls) ?? result.GetValue(_port),
                    result.GetValue(_lookups),
                    result.GetValue(_auth),
                    result.GetValue(_prometheus)),
                cancellationToken);
            return 0;
        });
    }

    /// <summary>Runs what the arguments ask for. Errors in them are written to standard error.</summary>
    /// <returns>The exit code: 0 if it was stopped, 1 if it failed, 2 for wrong arguments.</returns>
    public async Task<int> InvokeAsync(IReadOnlyList<string> arguments)
    {
        ParseResult result = _root.Parse(arguments);
        if (result.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{result.Errors[0].Message} (--help lists the options.)");
            return UsageError;
        }

        try
        {
            // The host handles Ctrl+C.
            return await result.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    private static int? ParseUrl(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme == Uri.UriSchemeHttp)
        {
            return url.Port;
        }

        result.AddError($"--urls: expected one URL such as http://127.0.0.1:{DefaultPort}, got '{text}'");
        return null;
    }

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
