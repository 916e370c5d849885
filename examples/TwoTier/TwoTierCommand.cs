using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using BoundedCache.Examples;
using StackExchange.Redis;

namespace BoundedCache.TwoTier;

/// <summary>The command line: the program's description, its options, and what it runs.</summary>
internal sealed class TwoTierCommand
{
    private const int DefaultPort = 5101;
    private const int DefaultTimeout = 500;

    private readonly Option<int> _urls = Loopback.UrlsOption(DefaultPort);

    private readonly Option<string> _redis = new("--redis")
    {
        Description = "Where Redis is. Default 127.0.0.1:6379.",
        HelpName = "HOST:PORT",
        DefaultValueFactory = static _ => "127.0.0.1:6379",
        CustomParser = static result => ParseRedis(result),
    };

    private readonly Option<int> _timeout = new("--redis-timeout")
    {
        Description = "How long anything waits for Redis, in milliseconds, from 50 to 60000. "
            + $"Default {DefaultTimeout}.",
        HelpName = "MS",
        DefaultValueFactory = static _ => DefaultTimeout,
        CustomParser = static result => ParseTimeout(result),
    };

    private readonly Option<string> _shared = new("--shared")
    {
        Description = "The folder that all nodes share: changed products, and caches.json with the limit. "
            + "Default: a folder boundedcache-twotier for temporary files.",
        HelpName = "FOLDER",
        DefaultValueFactory = static _ => Path.Combine(Path.GetTempPath(), "boundedcache-twotier"),
        CustomParser = static result => ParseFolder(result),
    };

    private readonly Option<bool> _fusion = new("--fusion")
    {
        Description = "FusionCache with its Redis backplane instead of HybridCache. All nodes must have it, or none.",
    };

    private readonly RootCommand _root;

    public TwoTierCommand(Func<NodeOptions, CancellationToken, Task> run) =>
        _root = ServiceCommand.Create(
            """
            Serves made-up products from two levels of caches: memory of this process, and Redis, which all nodes share.
            Run it two times, with two ports. Everybody on this machine may open it and change limits.
            """,
            [_urls, _redis, _timeout, _shared, _fusion],
            (result, stopped) => run(
                new NodeOptions(
                    result.GetValue(_urls),
                    result.GetValue(_redis)!,
                    TimeSpan.FromMilliseconds(result.GetValue(_timeout)),
                    result.GetValue(_shared)!,
                    result.GetValue(_fusion)),
                stopped));

    /// <summary>Runs what the arguments ask for. Errors in them are written to standard error.</summary>
    /// <returns>The exit code: 0 if it was stopped, 1 if it failed, 2 for wrong arguments.</returns>
    public Task<int> InvokeAsync(IReadOnlyList<string> arguments) => ServiceCommand.InvokeAsync(_root, arguments);

    private static string? ParseRedis(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        try
        {
            if (ConfigurationOptions.Parse(text).EndPoints.Count > 0)
            {
                return text;
            }
        }
        catch (ArgumentException)
        {
            // The same answer.
        }

        result.AddError($"--redis: expected HOST:PORT such as 127.0.0.1:6379, got '{text}'");
        return null;
    }

    private static string? ParseFolder(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        try
        {
            return Path.GetFullPath(text);
        }
        catch (Exception exception) when (exception is ArgumentException or PathTooLongException)
        {
            result.AddError($"--shared: expected a folder, got '{text}'");
            return null;
        }
    }

    private static int ParseTimeout(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            && value is >= 50 and <= 60_000)
        {
            return value;
        }

        result.AddError($"--redis-timeout: expected whole milliseconds from 50 to 60000, got '{text}'");
        return 0;
    }
}
