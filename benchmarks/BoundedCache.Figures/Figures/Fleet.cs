using System.Globalization;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// What a second level and an origin see when the limits of a whole fleet are lowered: at once, and a tenth of the
/// nodes at a time. docs/FLEET.md has the table.
/// </summary>
internal sealed class Fleet : IPartedFigure
{
    private const int Pause = 10;
    private const int Numbers = 5;

    private static readonly FleetSettings s_settings = new();

    private static readonly (string Title, FleetChange? Change, int Batch)[] s_cases =
    [
        ("nothing changes", null, s_settings.Nodes),
        ("limits lowered, all at once", FleetChange.Lower, s_settings.Nodes),
        ("limits lowered, a tenth every 10 s", FleetChange.Lower, s_settings.Nodes / 10),
        ("restarted with the lower limit, all at once", FleetChange.Restart, s_settings.Nodes),
        ("restarted with the lower limit, a tenth every 10 s", FleetChange.Restart, s_settings.Nodes / 10),
    ];

    public string Name => "fleet";

    public string Title => string.Create(
        CultureInfo.InvariantCulture,
        $"{s_settings.Nodes} nodes go from {s_settings.NodeEntries:N0} to {s_settings.NodeEntriesAfter:N0} entries; "
            + $"{s_settings.Keys:N0} keys, Zipf {s_settings.Exponent}; second level {s_settings.SecondLevelEntries:N0} "
            + $"entries; {s_settings.RequestsPerSecond * s_settings.Nodes:N0} requests/s (simulated)");

    public IReadOnlyList<string> Parts => [.. s_cases.Select(static run => run.Title)];

    public IEnumerable<Row> Run(IReadOnlyList<string> parts)
    {
        foreach (string title in parts)
        {
            double[] answer = Child.Measure(Name, title);
            yield return new(
                title,
                $"second level {Describe(answer.AsSpan(0, Numbers))}\norigin {Describe(answer.AsSpan(Numbers))}");
        }
    }

    public void Measure(string[] args)
    {
        (_, FleetChange? change, int batch) = s_cases.Single(run => run.Title == args[0]);
        FleetResult result = FleetSimulation.Run(s_settings, change, batch, Pause);
        Load[] loads = [result.SecondLevel, result.Origin];
        Child.Answer([.. loads.SelectMany(static load =>
            (double[])[load.Before, load.Peak, load.After, load.SecondsAbove, load.More])]);
    }

    private static string Describe(ReadOnlySpan<double> load) =>
        $"{load[0]:N0}/s before, {load[1]:N0}/s at peak, {load[2]:N0}/s after; {load[3]:N0} s a tenth above that; "
            + $"{load[4]:N0} more in all";
}
