using System.Net;
using BoundedCache.AspNetCore.Tests.Support;

namespace BoundedCache.AspNetCore.Tests.Access;

/// <summary>What a browser sends because a page of another site told it to.</summary>
public sealed class CrossSiteTests
{
    [Theory]
    [InlineData(true, "Sec-Fetch-Site: same-origin")]
    [InlineData(true, "Sec-Fetch-Site: none")]
    [InlineData(true, "Sec-Fetch-Site: same-origin", "Origin: http://localhost")]
    [InlineData(true, "Origin: http://localhost")]
    [InlineData(true, "Host: localhost:5000", "Origin: https://localhost:5000")]
    [InlineData(true, "Host: localhost:80", "Origin: http://localhost")]
    [InlineData(false, "Sec-Fetch-Site: cross-site")]
    [InlineData(false, "Sec-Fetch-Site: same-site")]
    [InlineData(false, "Sec-Fetch-Site: cross-site", "Origin: http://localhost")]
    [InlineData(false, "Origin: http://evil.example")]
    [InlineData(false, "Origin: http://localhost.evil.example")]
    [InlineData(false, "Host: localhost:5000", "Origin: http://localhost:6000")]
    [InlineData(false, "Host: localhost:5000", "Origin: http://localhost")]
    [InlineData(false, "Origin: null")]
    public async Task Is_refused_and_changes_nothing(bool isAnswered, params string[] headers)
    {
        await using AdminHost host = await AdminHost.StartAsync();

        Answer read = await host.GetAsync("api/caches", headers);
        Answer change = await host.PutAsync("api/caches/default/limit", """{"maxMemory": 1000}""", headers);

        if (isAnswered)
        {
            read.AssertOk();
            change.AssertOk();
        }
        else
        {
            read.AssertProblem(HttpStatusCode.Forbidden, "another origin");
            change.AssertProblem(HttpStatusCode.Forbidden, "another origin");
            Assert.Equal(1 << 20, host.Default.MaxMemory);
        }
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    [InlineData("application/json-patch+json")]
    [InlineData("application/problem+json")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("text/json")]
    [InlineData("json")]
    [InlineData("")]
    public async Task A_form_of_another_site_cannot_send_json_and_nothing_else_is_taken(string type)
    {
        await using AdminHost host = await AdminHost.StartAsync();
        (string Path, HttpMethod Method)[] changes =
        [
            ("api/caches/default/limit", HttpMethod.Put),
            ("api/caches/default/release", HttpMethod.Post),
            ("api/caches/default/compact", HttpMethod.Post),
            ("api/caches/default/clear", HttpMethod.Post), ("api/memory", HttpMethod.Post),
        ];

        foreach ((string path, HttpMethod method) in changes)
        {
            Answer answer = await host.SendAsync(method, path, """{"maxMemory": 1000}""", $"Content-Type: {type}");
            answer.AssertProblem(
                HttpStatusCode.UnsupportedMediaType, "Content-Type: application/json", "a body such as {");
            (await host.SendAsync(method, path))
                .AssertProblem(HttpStatusCode.UnsupportedMediaType, "Content-Type: application/json");
        }

        Assert.Equal(1 << 20, host.Default.MaxMemory);
    }

    [Fact]
    public async Task The_refusal_names_both_values_and_the_usual_cause()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        (await host.PutAsync(
            "api/caches/default/limit",
            """{"maxMemory": 1000}""",
            "Host: localhost:5000",
            "Origin: http://ops.example"))
            .AssertProblem(
                HttpStatusCode.Forbidden,
                "Host 'localhost:5000'",
                "Origin 'http://ops.example'",
                "a proxy before the service has changed Host",
                "proxy_set_header Host $http_host");
        (await host.GetAsync("api/caches", "Sec-Fetch-Site: cross-site"))
            .AssertProblem(HttpStatusCode.Forbidden, "'cross-site' (Sec-Fetch-Site)");
    }

    [Fact]
    public async Task A_link_on_another_site_may_lead_to_the_page()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        (await host.GetAsync("", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")).AssertOk();
    }
}
