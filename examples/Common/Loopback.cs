using System.CommandLine;
using System.CommandLine.Parsing;

namespace BoundedCache.Examples;

/// <summary>The address that an example listens on. It has no login, so it is 127.0.0.1 and nothing else.</summary>
internal static class Loopback
{
    /// <summary>The option <c>--urls</c>, which says the port.</summary>
    /// <param name="defaultPort">The port without the option.</param>
    public static Option<int> UrlsOption(int defaultPort) => new("--urls")
    {
        Description = "Where to listen: http://127.0.0.1:PORT, or port 0 for any that is free. It listens on 127.0.0.1 "
            + $"whatever the host is. Default http://127.0.0.1:{defaultPort}.",
        HelpName = "URL",
        DefaultValueFactory = _ => defaultPort,
        CustomParser = result => ParseUrl(result, defaultPort),
    };

    private static int ParseUrl(ArgumentResult result, int defaultPort)
    {
        string text = result.Tokens[^1].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme == Uri.UriSchemeHttp)
        {
            return url.Port;
        }

        result.AddError($"--urls: expected one URL such as http://127.0.0.1:{defaultPort}, got '{text}'");
        return 0;
    }
}
