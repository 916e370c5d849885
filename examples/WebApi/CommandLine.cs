using System.Globalization;

namespace BoundedCache.WebApi;

/// <summary>
/// The arguments: settings, as <c>appsettings.json</c> has them. What is none would be ignored without a word.
/// </summary>
internal static class CommandLine
{
    private const int WrongArguments = 2;

    private const string Help = """
        Serves made-up products on 127.0.0.1, through a cache whose limit follows appsettings.json.

          --urls http://127.0.0.1:PORT   where to listen; port 0 for any that is free. Default 5090
          --NAME VALUE                   a setting of appsettings.json: --Cache:MaxMemory 8MB, --Source:Latency 00:00:01
          --help                         these lines

        http://127.0.0.1:5090/products/7 is a product, http://127.0.0.1:5090/cache the state of the cache.
        """;

    private static readonly string[] s_settings = ["Cache", "Source", "Port", "Logging"];

    /// <summary>What hosts and test hosts pass.</summary>
    private static readonly string[] s_hostSettings = ["urls", "contentRoot", "environment", "applicationName"];

    /// <summary>Answers arguments that start no service: a call for help, and wrong ones.</summary>
    /// <returns>The exit code; null where the service is to be started.</returns>
    public static int? Answer(string[] args)
    {
        if (args.Any(static argument => argument is "--help" or "-h" or "-?"))
        {
            Console.WriteLine(Help);
            return 0;
        }

        if (WhatIsWrong(args) is { } wrong)
        {
            Console.Error.WriteLine($"{wrong} (--help lists the arguments.)");
            return WrongArguments;
        }

        return null;
    }

    private static string? WhatIsWrong(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            string[] pair = args[i].Split('=', 2);
            string name = pair[0].StartsWith("--", StringComparison.Ordinal) ? pair[0][2..] : "";
            string first = name.Split(':')[0];
            if (!s_settings.Concat(s_hostSettings).Contains(first, StringComparer.OrdinalIgnoreCase))
            {
                return $"Expected --urls or a setting such as --Cache:MaxMemory, got '{args[i]}'.";
            }

            if (pair.Length == 1 && ++i == args.Length)
            {
                return $"Expected a value after {pair[0]}, got none.";
            }

            string value = pair.Length == 2 ? pair[1] : args[i];
            if (name.Equals("urls", StringComparison.OrdinalIgnoreCase) && !IsUrl(value))
            {
                return $"--urls: expected a URL such as http://127.0.0.1:5090, got '{value}'.";
            }

            if (name.Equals("Port", StringComparison.OrdinalIgnoreCase)
                && !ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                return $"--Port: expected a number from 0 to {ushort.MaxValue}, got '{value}'.";
            }
        }

        return null;
    }

    // A host may be * or +, which a URI has not.
    private static bool IsUrl(string value)
    {
        try
        {
            BindingAddress address = BindingAddress.Parse(value.Split(';')[0]);
            return address is { Scheme: "http", Port: >= 0 and <= ushort.MaxValue };
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
