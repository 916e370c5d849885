using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using BoundedCache.Harness.Peers;

namespace BoundedCache.Comparisons.CommandLine;

/// <summary>Reads options; an error names the option, the text and what would do.</summary>
internal static class Parse
{
    public static Defaulted<int> Whole(string name, string about, int otherwise, int least, int most) =>
        new(name, otherwise)
        {
            Description = $"{about} {least} to {most}, default {otherwise}.",
            HelpName = "N",
            CustomParser = result => Whole(result, name, result.Tokens[^1].Value, least, most),
        };

    public static Defaulted<int[]> Wholes(string name, string about, int[] otherwise, int least, int most) => new(
        name, otherwise)
    {
        Description = $"{about} Separated by commas, each {least} to {most}. Default {string.Join(',', otherwise)}.",
        HelpName = "N,N",
        CustomParser = result =>
            [.. result.Tokens[^1].Value.Split(',').Select(text => Whole(result, name, text, least, most))],
    };

    public static Defaulted<double> Number(string name, string about, double otherwise, double least, double most) =>
        new(name, otherwise)
        {
            Description = string.Create(
                CultureInfo.InvariantCulture, $"{about} {least} to {most}, default {otherwise}."),
            HelpName = "NUMBER",
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                if (!double.TryParse(
                    text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                    || number < least
                    || number > most)
                {
                    result.AddError(string.Create(
                        CultureInfo.InvariantCulture, $"{name}: '{text}' is not a number from {least} to {most}"));
                }

                return number;
            },
        };

    public static Defaulted<long> Bytes(string name, string about, long otherwise) => new(name, otherwise)
    {
        Description = $"{about} Default {ByteSize.Format(otherwise)}.",
        HelpName = "SIZE",
        CustomParser = result => Size(result, name, result.Tokens[^1].Value),
    };

    public static Defaulted<Peer[]> Peers(string about, Func<Peer, bool> byDefault) => new(
        "--peers", [.. PeerCatalog.All.Where(byDefault)])
    {
        Description = $"{about} Separated by commas: "
            + $"{string.Join(", ", PeerCatalog.All.Select(static peer => peer.Name))}. "
            + $"Default {string.Join(", ", PeerCatalog.All.Where(byDefault).Select(static peer => peer.Name))}.",
        HelpName = "NAME,NAME",
        CustomParser = result =>
        {
            var peers = new List<Peer>();
            foreach (string name in result.Tokens[^1].Value.Split(
                ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                try
                {
                    peers.Add(PeerCatalog.Find(name));
                }
                catch (ArgumentException failure)
                {
                    result.AddError($"--peers: {failure.Message.Split(" (Parameter", 2)[0]}");
                }
            }

            return [.. peers.Distinct()];
        },
    };

    public static Option<string?> Output() => new("--output")
    {
        Description = "Directory for the result as text, JSON and, where there is one, picture; made if need be. "
            + "Default: standard output only.",
        HelpName = "DIR",
    };

    public static Option<bool> Quick() => new("--quick")
    {
        Description = "A small run in some seconds, to see that everything works. Its numbers mean nothing.",
    };

    public static long Size(SymbolResult result, string option, string text)
    {
        if (!ByteSize.TryParse(text, out long bytes) || bytes < 1)
        {
            result.AddError($"{option}: '{text}' is not a size of at least 1 byte, such as 65536, 100MB or 1.5GiB");
        }

        return bytes;
    }

    private static int Whole(ArgumentResult result, string option, string text, int least, int most)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || number < least
            || number > most)
        {
            result.AddError($"{option}: '{text}' is not a whole number from {least} to {most}");
        }

        return number;
    }
}
