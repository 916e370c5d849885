using System.Net;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Internal;

namespace BoundedCache.AspNetCore.Tests.Mvc.DropIn;

/// <summary>
/// One application, built on <c>AddMemoryCache()</c> and again on <c>AddBoundedMemoryCache()</c>: who asks it over
/// HTTP sees no difference.
/// </summary>
public class DropInTests
{
    private static readonly string[] s_ignoredHeaders = ["Date", "Age"];

    /// <summary>
    /// Requests, and what the body of the answer is, whatever the cache. <c>wait</c> is a minute on the cache's clock.
    /// </summary>
    private static readonly (string Request, string Answer)[] s_story =
    [
        ("GET /price/tea", "tea costs 1"),
        ("GET /price/tea", "tea costs 1"),
        ("GET /price/jam", "jam costs 2"),
        ("PUT /price/tea?price=less", "tea costs less"),
        ("GET /price/tea", "tea costs less"),
        ("GET /evictions/1", "tea costs 1: Replaced"),
        ("DELETE /price/jam", ""),
        ("GET /price/jam", "jam costs 3"),
        ("GET /evictions/2", "jam costs 2: Removed; tea costs 1: Replaced"),
        ("wait", ""),
        ("GET /price/jam", "jam costs 4"),
        ("GET /price/tea", "tea costs 5"),
        (
            "GET /evictions/4",
            "jam costs 2: Removed; jam costs 3: Expired; tea costs 1: Replaced; tea costs less: Expired"),
        ("GET /page", "page 6, sale 7"),
        ("GET /page", "page 6, sale 7"),
        ("POST /sale/end", ""),
        ("GET /page", "page 8, sale 9"),
        ("GET /has/nothing", "no nothing"),
        ("GET /nothing", "nothing"),
        ("GET /has/nothing", "nothing: null"),
        ("GET /failing", ""),
        ("GET /failing", ""),
        ("GET /has/failing", "no failing"),
        ("GET /price/tea", "tea costs 5"),
        ("GET /stored", "stored 13"),
        ("GET /stored", "stored 13"),
        ("GET /stored?of=tea", "stored 14"),
        ("GET /stored?of=tea", "stored 14"),
        ("GET /visits", "visit 1"),
        ("GET /visits", "visit 2"),
        ("GET /statistics", "5 hits, 14 misses, 5 entries"),
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_asks_over_HTTP_sees_no_difference(bool cacheFirst)
    {
        List<string> before = await RunAsync<MemoryCache>(AddMemoryCache, cacheFirst);

        Assert.Equal(before, await RunAsync<BoundedMemoryCache>(AddMeasured, cacheFirst));
        Assert.Equal(before, await RunAsync<BoundedMemoryCache>(AddDeclared, cacheFirst));
    }

    private static async Task<List<string>> RunAsync<TCache>(
        Action<IServiceCollection, TimeProvider> addCache, bool cacheFirst)
    {
        var time = new ManualTimeProvider();
        await using Shop shop = await Shop.StartAsync(services => addCache(services, time), cacheFirst);
        Assert.IsType<TCache>(shop.Cache);
        using var client = new HttpClient { BaseAddress = shop.Address };
        var answers = new List<string>();
        var bodies = new List<string>();
        foreach ((string request, _) in s_story)
        {
            if (request == "wait")
            {
                time.Advance(TimeSpan.FromMinutes(1));
                bodies.Add(string.Empty);
                continue;
            }

            string[] words = request.Split(' ');
            using var message = new HttpRequestMessage(new HttpMethod(words[0]), words[1]);
            using HttpResponseMessage response = await client.SendAsync(message);
            string body = await response.Content.ReadAsStringAsync();
            bodies.Add(body);
            answers.Add($"{request}: {(int)response.StatusCode} {Headers(response)} {body}");
            Assert.Equal(
                words[1] == "/failing" ? HttpStatusCode.InternalServerError : HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(
            s_story.Select(static step => $"{step.Request}: {step.Answer}"),
            s_story.Zip(bodies, static (step, body) => $"{step.Request}: {body}"));
        return answers;
    }

    /// <summary>
    /// All headers that are not the clock's; of cookies only the names, because sessions have random ids.
    /// </summary>
    private static string Headers(HttpResponseMessage response) =>
        string.Join(", ", response.Headers.Concat(response.Content.Headers)
            .Where(static header => !s_ignoredHeaders.Contains(header.Key))
            .Select(static header => header.Key == "Set-Cookie"
                ? $"{header.Key}={header.Value.Single().Split('=')[0]}"
                : $"{header.Key}={string.Join(',', header.Value)}")
            .Order(StringComparer.Ordinal));

    private static void AddMemoryCache(IServiceCollection services, TimeProvider time) =>
        services.AddMemoryCache(options =>
        {
            options.Clock = new Clock(time);
            options.ExpirationScanFrequency = TimeSpan.FromDays(1);
            options.TrackStatistics = true;
            options.TrackLinkedCacheEntries = true;
        });

    private static void AddMeasured(IServiceCollection services, TimeProvider time) =>
        AddBounded(services, time, EntrySizing.Measured);

    private static void AddDeclared(IServiceCollection services, TimeProvider time) =>
        AddBounded(services, time, EntrySizing.Declared);

    private static void AddBounded(IServiceCollection services, TimeProvider time, EntrySizing sizing) =>
        services.AddBoundedMemoryCache(options =>
        {
            options.TimeProvider = time;
            options.ExpirationScanFrequency = TimeSpan.FromDays(1);
            options.Sizing = sizing;
            options.TrackStatistics = true;
            options.TrackLinkedCacheEntries = true;
        });

    private sealed class Clock(TimeProvider time) : ISystemClock
    {
        public DateTimeOffset UtcNow => time.GetUtcNow();
    }
}
