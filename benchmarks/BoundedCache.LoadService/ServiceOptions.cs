using System.Globalization;

namespace BoundedCache.LoadService;

/// <summary>What the service was asked for on its command line.</summary>
internal sealed record ServiceOptions
{
    private const string Usage =
        "Usage: BoundedCache.LoadService --cache bounded|bytes|memory-cache|redis|memcached --max-memory BYTES "
        + "[--items COUNT] [--peer-port PORT] [--leash]";

    /// <summary>Which cache the items are kept in.</summary>
    public required string Cache { get; init; }

    /// <summary>The limit that it starts with, in bytes.</summary>
    public required long MaxBytes { get; init; }

    /// <summary>How many items there are.</summary>
    public long Items { get; init; } = 1_000_000;

    /// <summary>Where the cache's own server listens on loopback; 0 for caches without one.</summary>
    public int PeerPort { get; init; }

    /// <summary>Whether the service ends when its standard input does: when whoever started it is gone.</summary>
    public bool IsLeashed { get; init; }

    /// <exception cref="ArgumentException">
    /// The arguments make no sense; the message says why, and what would.
    /// </exception>
    public static ServiceOptions Parse(string[] args)
    {
        var given = new Dictionary<string, string>();
        bool isLeashed = false;
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--leash")
            {
                isLeashed = true;
            }
            else if (args[i] is "--cache" or "--max-memory" or "--items" or "--peer-port" && i + 1 < args.Length)
            {
                given[args[i]] = args[++i];
            }
            else
            {
                throw new ArgumentException($"'{args[i]}' is unknown or lacks its value. {Usage}");
            }
        }

        return new ServiceOptions
        {
            Cache = given.GetValueOrDefault("--cache") ?? throw new ArgumentException($"--cache is missing. {Usage}"),
            MaxBytes = Number(given, "--max-memory", null, long.MaxValue),
            Items = Number(given, "--items", 1_000_000, int.MaxValue),
            PeerPort = (int)Number(given, "--peer-port", 1, ushort.MaxValue),
            IsLeashed = isLeashed,
        };
    }

    private static long Number(Dictionary<string, string> given, string name, long? otherwise, long most) =>
        !given.TryGetValue(name, out string? text)
        ? otherwise ?? throw new ArgumentException($"{name} is missing. {Usage}")
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number >= 1
            && number <= most ? number
        : throw new ArgumentException($"{name}: '{text}' is not a whole number from 1 to {most}. {Usage}");
}
