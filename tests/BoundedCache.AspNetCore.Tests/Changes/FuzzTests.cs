using System.Text;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.Engine;
using Xunit.Abstractions;

namespace BoundedCache.AspNetCore.Tests.Changes;

/// <summary>Thousands of requests that nobody thought of: right and wrong ones, of right and wrong parts.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Requests = 3000;

    private static readonly string[] s_methods =
        ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"];

    private static readonly string[] s_paths =
    [
        "", "/", "/api", "/api/", "/api/caches", "/api/caches/", "/api/caches/default", "/api/caches/pages",
        "/api/caches/nope", "/api/caches/default/limit", "/api/caches/pages/limit",
        "/api/caches/default/limit/preview", "/api/caches/default/release", "/api/caches/default/compact",
        "/api/caches/pages/clear", "/api/memory", "/api/history",
        "/api/operations/0", "/assets/page.js", "/assets/../index.html", "/assets/%2e%2e/%2e%2e/x", "/api/caches/%2F",
        "/api/caches/a%0Ab/limit", "//api/caches",
    ];

    private static readonly string[] s_values =
    [
        "1", "0", "-1", "1e9", "1.5", "1000000", "65536", "9223372036854775807", "9223372036854775808", "1e999",
        "\"512KB\"", "\"1MB\"", "\"100 potatoes\"", "\"NaN\"", "NaN", "null", "true",
        "\"\"", "\"\\ud800\"", "\"\\u0000\"", "[]", "{}", "[1]", "\"full\"", "\"gentle\"", "\"none\"", "\"FULL\"",
        "0.25", "1.0", "0.0", "-0.1", "\"0.5\"", "\"１\"",
    ];

    private static readonly string[] s_names =
        ["maxMemory", "releaseMode", "share", "MaxMemory", "force", "", "__proto__", "max\\u004demory"];
    private static readonly string[] s_types =
    [
        "application/json", "application/json; charset=utf-8", "application/json;charset=utf-7", "text/plain",
        "application/xml", "*/*", "a", "",
    ];

    [Fact]
    public async Task Never_fail_never_change_anything_unless_they_are_answered_and_leave_the_caches_whole()
    {
        int seed = Environment.GetEnvironmentVariable("BOUNDEDCACHE_SEED") is { Length: > 0 } given
            ? int.Parse(given, null)
            : Random.Shared.Next();
        output.WriteLine($"BOUNDEDCACHE_SEED={seed}");
        var random = new Random(seed);
        await using AdminHost host = await AdminHost.StartAsync(
            static all => (all.AllowLoopback, all.ReleasesPerMinute) = (true, 20));
        int[] answers = new int[600];
        int changed = 0;
        for (int i = 0; i < Requests; i++)
        {
            if (i % 50 == 0)
            {
                Fill(host.Default);
                Fill(host.Pages);
            }

            (long, int, long, int) before = State(host);
            using HttpRequestMessage request = Make(random, out string text);
            using HttpResponseMessage response = await host.Client.SendAsync(request);
            string body = await response.Content.ReadAsStringAsync();
            int status = (int)response.StatusCode;
            answers[status]++;
            string what = $"seed {seed}, request {i}: {text} -> {status} {body}";
            Assert.True(status < 500, what);
            if (status is >= 200 and < 300)
            {
                // The answer may come before the eviction.
                Assert.True(SpinWait.SpinUntil(() => IsEvicted(host), TimeSpan.FromSeconds(30)), what);
                changed += State(host) != before ? 1 : 0;
            }
            else
            {
                Assert.True(State(host) == before, what);
            }

            if (status >= 400 && request.Method != HttpMethod.Head && !IsOutside(request))
            {
                Assert.True(response.Content.Headers.ContentType?.MediaType == "application/problem+json", what);
            }
        }

        output.WriteLine(string.Join(
            ", ",
            answers.Index().Where(static pair => pair.Item > 0).Select(static pair => $"{pair.Index}: {pair.Item}")));
        Assert.True(answers[200] > Requests / 20, "hardly any request was right");
        Assert.True(changed > 20, $"only {changed} requests changed anything");
        Assert.True(
            answers[400] > 50 && answers[404] > 50 && answers[405] > 50 && answers[415] > 50,
            "hardly any request was wrong in this way");
        InvariantChecker.Check(host.Default.Engine);
        InvariantChecker.Check(host.Pages.Engine);
    }

    /// <summary>Addresses that are not the endpoint's, and are answered by the application.</summary>
    private static bool IsOutside(HttpRequestMessage request) =>
        request.RequestUri!.AbsolutePath is var path
        && !path.StartsWith("/admin/cache/api/", StringComparison.Ordinal)
        && !path.StartsWith("/admin/cache/assets/", StringComparison.Ordinal)
        && path is not ("/admin/cache" or "/admin/cache/");

    private static void Fill(BoundedMemoryCache cache)
    {
        for (int i = 0; i < 20; i++)
        {
            cache.Set(i, new byte[100]);
        }
    }

    private static bool IsEvicted(AdminHost host) =>
        host.Default.UsedMemory <= host.Default.MaxMemory && host.Pages.UsedMemory <= host.Pages.MaxMemory;

    private static (long, int, long, int) State(AdminHost host) =>
        (host.Default.MaxMemory, host.Default.Count, host.Pages.MaxMemory, host.Pages.Count);

    private static HttpRequestMessage Make(Random random, out string text)
    {
        // Mostly right where it matters, so that what is wrong is wrong alone.
        (string method, string path) = random.Next(3) switch
        {
            0 => (Pick(random, s_methods), Pick(random, s_paths)),
            1 => ("PUT", $"/api/caches/{(random.Next(2) == 0 ? "default" : "pages")}/limit"),
            _ => random.Next(4) switch
            {
                0 => ("POST", "/api/caches/default/compact"),
                1 => ("POST", "/api/caches/pages/clear"),
                2 => ("GET", "/api/caches/default/limit/preview"),
                _ => ("GET", "/api/caches"),
            },
        };
        string query = random.Next(3) == 0 ? $"?maxMemory={Escaped(Pick(random, s_values))}" : "";
        string body = random.Next(4) switch
        {
            0 => $$"""{"maxMemory": {{Pick(random, s_values)}}}""",
            1 => $$"""{"share": {{Pick(random, s_values)}}}""",
            2 => $"{{{Member(random)}, {Member(random)}}}",
            _ => "{}",
        };
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        if (random.Next(6) == 0 && bytes.Length > 0)
        {
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }
        }

        if (random.Next(30) == 0)
        {
            bytes = [.. Enumerable.Repeat(bytes, 400).SelectMany(static all => all)];
        }

        var request = new HttpRequestMessage(new HttpMethod(method), $"http://localhost/admin/cache{path}{query}");
        string type = random.Next(4) == 0 ? Pick(random, s_types) : "application/json";
        if (method is not ("GET" or "HEAD" or "TRACE") || random.Next(5) == 0)
        {
            request.Content = new ByteArrayContent(bytes);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        string prefer = random.Next(8) == 0 ? "respond-async" : "";
        if (prefer.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Prefer", prefer);
        }

        text = $"{method} {path}{query} {type} {prefer} "
            + $"{Encoding.Latin1.GetString(bytes.AsSpan(0, Math.Min(200, bytes.Length)))}";
        return request;
    }

    private static string Member(Random random) => $"\"{Pick(random, s_names)}\": {Pick(random, s_values)}";

    // EscapeDataString refuses half of a surrogate pair.
    private static string Escaped(string value) =>
        Uri.EscapeDataString(value.Trim('"').Replace("\\ud800", "x", StringComparison.Ordinal));

    private static string Pick(Random random, string[] choices) => choices[random.Next(choices.Length)];
}
