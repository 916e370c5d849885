using System.Text.Json;
using System.Text.RegularExpressions;
using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Diagnostics;

/// <summary>The dashboard and the alerts in docs, held against the metrics that there are.</summary>
public sealed partial class DashboardsTests
{
    private static readonly string s_folder = Path.Combine(SourceTree.FindRoot(), "docs", "dashboards");

    [Theory]
    [InlineData("grafana.json", 10)]
    [InlineData("alerts.yaml", 7)]
    public void Every_metric_and_label_in_it_exists(string file, int least)
    {
        string text = File.ReadAllText(Path.Combine(s_folder, file));
        (HashSet<string> metrics, HashSet<string> labels) = Known();

        string[] used = [.. Metric().Matches(text).Select(static match => match.Value).Distinct()];
        Assert.True(used.Length >= least, string.Join(' ', used));
        Assert.All(used, name => Assert.Contains(name, metrics));
        Assert.All(Label().Matches(text), match => Assert.Contains(match.Value, labels));
    }

    [Fact]
    public void The_dashboard_is_JSON_and_each_panel_has_a_query_and_a_description()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(s_folder, "grafana.json")));

        foreach (JsonElement panel in dashboard.RootElement.GetProperty("panels").EnumerateArray())
        {
            Assert.NotEqual("", panel.GetProperty("description").GetString());
            Assert.NotEmpty(panel.GetProperty("targets").EnumerateArray());
        }
    }

    [Fact]
    public void A_release_that_was_put_off_raises_no_alert_that_it_did_not_help()
    {
        string rule = RuleOf("CacheReleaseDidNotHelp");

        Assert.Contains("cache_release_outcome=\"partial\"", rule, StringComparison.Ordinal);
        Assert.DoesNotContain("skipped", rule, StringComparison.Ordinal);
    }

    [Fact]
    public void An_alert_says_that_a_cache_has_yielded_for_minutes()
    {
        string rule = RuleOf("CacheUnderMemoryPressure");

        Assert.Contains(
            "expr: bounded_cache_memory_effective_limit_bytes < bounded_cache_memory_limit_bytes",
            rule,
            StringComparison.Ordinal);
        Assert.Matches(@"for: \d+m", rule);
    }

    private static string RuleOf(string alert) =>
        Assert.Single(
            File.ReadAllText(Path.Combine(s_folder, "alerts.yaml")).Split("- alert: "),
            rule => rule.StartsWith($"{alert}\n", StringComparison.Ordinal));

    /// <summary>
    /// What exporters for Prometheus make of the instruments. A test holds their table against the code.
    /// </summary>
    private static (HashSet<string> Metrics, HashSet<string> Labels) Known()
    {
        string page = File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "docs", "DIAGNOSTICS.md"));
        HashSet<string> metrics = [];
        HashSet<string> labels = ["cache_name"];
        foreach (Match row in Row().Matches(page))
        {
            string name = row.Groups[1].Value.Replace('.', '_');
            name += row.Groups[3].Value switch { "By" => "_bytes", "s" => "_seconds", _ => "" };
            metrics.UnionWith(row.Groups[2].Value switch
            {
                "counter" => [$"{name}_total"],
                "histogram" => [$"{name}_bucket", $"{name}_sum", $"{name}_count"],
                _ => [name],
            });
            labels.UnionWith(Tag().Matches(row.Groups[4].Value).Select(static tag => tag.Value.Replace('.', '_')));
        }

        return (metrics, labels);
    }

    [GeneratedRegex(@"^\| `(bounded_cache[\w.]+)` \| ([\w -]+) \| `([^`]+)` \|([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"bounded_cache_\w+")]
    private static partial Regex Metric();

    [GeneratedRegex(@"\bcache_[a-z_]+")]
    private static partial Regex Label();

    [GeneratedRegex(@"cache\.[a-z.]+")]
    private static partial Regex Tag();
}
