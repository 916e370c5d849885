namespace BoundedCache.Charts;

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
