namespace BoundedCache.Charts;

/// <summary>
/// The style sheet inside every picture. Light by default and dark where the reader's system is; plain class
/// rules, because not every SVG reader knows custom properties. The colours keep apart under the common
/// forms of colour blindness.
/// </summary>
internal static class ChartTheme
{
    /// <summary>Series colours in the order in which series are first named, light and dark.</summary>
    private static readonly (string Light, string Dark)[] s_series =
    [
        ("#0969da", "#58a6ff"),
        ("#00805f", "#3fcf9f"),
        ("#8250df", "#c297ff"),
        ("#d1440c", "#ff8f4a"),
        ("#9a6700", "#e3b341"),
        ("#bf3989", "#ff80c8"),
    ];

    public static int SeriesColours => s_series.Length;

    public static string Css { get; } = Build();

    private static string Build()
    {
        string light = Rules(
            "#ffffff", "#d1d9e0", "#1f2328", "#59636e", "#e4e8ec", "#f3f5f8", "#57606a", s_series.Select(s => s.Light));
        string dark = Rules(
            "#0d1117", "#3d444d", "#f0f6fc", "#9198a1", "#262c34", "#171d26", "#9198a1", s_series.Select(s => s.Dark));
        return $$"""

            text {
              font-family:
                system-ui, -apple-system, "Segoe UI", "Noto Sans", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif;
              font-size: 12px;
            }
            .title { font-size: 17px; font-weight: 600; }
            .heading { font-size: 14px; font-weight: 600; }
            .callout { font-weight: 600; paint-order: stroke; stroke-width: 4px; stroke-linejoin: round; }
            .number { font-size: 11px; font-weight: 600; }
            .line { fill: none; stroke-linejoin: round; stroke-linecap: round; stroke-width: 1.75px; }
            .emphasis { stroke-width: 3px; }
            .dashed { stroke-dasharray: 6 4; stroke-linecap: butt; }
            .area { stroke: none; fill-opacity: 0.13; }
            .limit { fill: none; stroke-width: 1.5px; stroke-dasharray: 1.5 3.5; stroke-linecap: butt; }
            {{light}}@media (prefers-color-scheme: dark) {
            {{dark}}}

            """;
    }

    private static string Rules(
        string paper,
        string border,
        string ink,
        string muted,
        string grid,
        string band,
        string limit,
        IEnumerable<string> series) =>
        $$"""
        .paper { fill: {{paper}}; stroke: {{border}}; }
        .ink { fill: {{ink}}; }
        .muted { fill: {{muted}}; }
        .grid { stroke: {{grid}}; }
        .axis { stroke: {{muted}}; }
        .band { fill: {{band}}; }
        .edge { stroke: {{border}}; }
        .badge { fill: {{muted}}; }
        .number { fill: {{paper}}; }
        .limit { stroke: {{limit}}; }
        .callout { stroke: {{paper}}; }

        """
        + string.Concat(series.Select((colour, i) => $".s{i} {{ stroke: {colour}; }}\n.f{i} {{ fill: {colour}; }}\n"));
}

/// <summary>Which colour a series has: the same name, the same colour, in every panel.</summary>
internal sealed class SeriesColours
{
    private readonly Dictionary<string, int> _indexes = [];

    public SeriesColours(IEnumerable<ChartSeries> series)
    {
        foreach (ChartSeries one in series.Where(s => s.Style != SeriesStyle.Limit))
        {
            _indexes.TryAdd(one.Name, _indexes.Count % ChartTheme.SeriesColours);
        }
    }

    /// <summary>The class that colours lines of the series.</summary>
    public string Stroke(string name) => _indexes.TryGetValue(name, out int index) ? $"s{index}" : "axis";

    /// <summary>The class that colours areas and text of the series.</summary>
    public string Fill(string name) => _indexes.TryGetValue(name, out int index) ? $"f{index}" : "muted";
}

/// <summary>
/// How a series is drawn. Styles differ in form as well as in colour, so that no reader depends on colour alone.
/// </summary>
public enum SeriesStyle
{
    /// <summary>A thin line.</summary>
    Line = 0,

    /// <summary>A thick line: the series that the picture is about.</summary>
    Emphasis = 1,

    /// <summary>A thin broken line.</summary>
    Dashed = 2,

    /// <summary>A thin line with the area below it filled.</summary>
    Area = 3,

    /// <summary>A grey dotted line of steps: a bound that was set, rather than a value that was measured.</summary>
    Limit = 4,
}
