using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.TestSupport;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore.Tests;

/// <summary>ADMIN.md, held against the code.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string s_text = File.ReadAllText(
        Path.Combine(SourceTree.FindRoot(), "docs", "ADMIN.md"));

    [Fact]
    public async Task The_table_of_addresses_has_all_that_there_are()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        string[] mapped =
        [
            .. host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .Where(static endpoint =>
                    endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Http.Metadata.IEndpointSummaryMetadata>()
                        is not null)
                .SelectMany(static endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
                    .Select(method => $"{method} {endpoint.RoutePattern.RawText!["/admin/cache".Length..]}"))
                .Order(StringComparer.Ordinal),
        ];

        Assert.Equal(mapped, AddressRow().Matches(s_text).Select(static match => $"{match.Groups[1]} {match.Groups[2]}")
            .Where(static row => row != "GET /").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_table_of_options_has_them_all_with_their_defaults()
    {
        var defaults = new BoundedCacheAdminOptions();
        Dictionary<string, string> documented = OptionRow()
            .Matches(s_text)
            .ToDictionary(static match => match.Groups[1].Value, static match => match.Groups[2].Value.Trim('`'));

        foreach (PropertyInfo option in typeof(BoundedCacheAdminOptions).GetProperties())
        {
            string expected = option.Name == nameof(BoundedCacheAdminOptions.TimeProvider)
                ? "the system's"
                : Convert.ToString(option.GetValue(defaults), CultureInfo.InvariantCulture) is { Length: > 0 } text
                    ? text : "none";
            Assert.True(documented.Remove(option.Name, out string? said), option.Name);
            Assert.Equal(expected, said);
        }

        Assert.Empty(documented);
    }

    [Fact]
    public void The_table_of_log_events_has_them_all()
    {
        string[] declared =
        [
            .. typeof(Log).GetMethods(BindingFlags.Public | BindingFlags.Static)
                .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>()!)
                .OrderBy(static attribute => attribute.EventId)
                .Select(static attribute => $"{attribute.EventId} {attribute.EventName} {attribute.Level}"),
        ];

        Assert.Equal(declared, EventRow().Matches(s_text).Select(static match =>
            $"{match.Groups[1]} {match.Groups[2]} {match.Groups[3]}"));
    }

    [Fact]
    public async Task Every_curl_line_works()
    {
        await using KestrelHost host = await KestrelHost.StartAsync();
        MatchCollection lines = CurlLine().Matches(s_text);
        Assert.True(lines.Count >= 10);

        foreach (string line in lines.Select(static match => match.Value))
        {
            using var request = new HttpRequestMessage(
                Method().Match(line) is { Success: true } method
                    ? new HttpMethod(method.Groups[1].Value)
                    : HttpMethod.Get,
                Address().Match(line).Groups[1].Value.Replace(
                    "localhost:5000", $"localhost:{host.Port}", StringComparison.Ordinal));
            if (Data().Match(line) is { Success: true } data)
            {
                request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(data.Groups[1].Value));
            }

            foreach (Match header in Header().Matches(line))
            {
                _ = request.Headers.TryAddWithoutValidation(header.Groups[1].Value, header.Groups[2].Value)
                    || request.Content!.Headers.TryAddWithoutValidation(header.Groups[1].Value, header.Groups[2].Value);
            }

            using HttpResponseMessage response = await host.Client.SendAsync(request);
            Assert.True(
                response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted,
                $"{line}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }

        Assert.Equal(1536L << 20, host.Default.MaxMemory);
    }

    [GeneratedRegex(@"^\| `(GET|PUT|POST)` \| `(/[^`]*)` \|", RegexOptions.Multiline)]
    private static partial Regex AddressRow();

    [GeneratedRegex(@"^\| `([A-Z][a-z]\w+)` \| ([^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex OptionRow();

    [GeneratedRegex(@"^\| (\d\d) \| (\w+) \| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex EventRow();

    /// <summary>A command goes on in the next line where a line ends with a backslash.</summary>
    [GeneratedRegex(@"^curl (?:[^\\\n]|\\\n)*$", RegexOptions.Multiline)]
    private static partial Regex CurlLine();

    [GeneratedRegex("-X (\\w+)")]
    private static partial Regex Method();

    [GeneratedRegex("(http://[^ \"]+)")]
    private static partial Regex Address();

    [GeneratedRegex("-d '([^']*)'")]
    private static partial Regex Data();

    [GeneratedRegex("-H \"([^:]+): ([^\"]+)\"")]
    private static partial Regex Header();
}
