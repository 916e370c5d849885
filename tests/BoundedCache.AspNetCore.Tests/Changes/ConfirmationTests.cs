using System.Net;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.TestSupport;
using Microsoft.AspNetCore.Builder;

namespace BoundedCache.AspNetCore.Tests.Changes;

/// <summary>What a change is told as, to whoever asked for it and to all others.</summary>
public sealed class ConfirmationTests
{
    [Fact]
    public async Task A_raise_and_no_change_are_confirmed_as_that_and_no_older_report_takes_their_place()
    {
        var time = new ManualTimeProvider();
        await using AdminHost host = await AdminHost.StartAsync(
            all => (all.AllowLoopback, all.TimeProvider) = (true, time));
        foreach ((int limit, string change) in ((int, string)[])[
            (4000, "lowered"), (9000, "raised"), (9000, "unchanged"), (9001, "raised"), (8000, "lowered")])
        {
            time.Advance(TimeSpan.FromSeconds(1));
            JsonNode answer = (await host.PutAsync("api/caches/default/limit", $$"""{"maxMemory": {{limit}}}"""))
                .AssertOk().Json;
            Assert.Equal(change, answer["limitChange"]!.GetValue<string>());
            time.Advance(TimeSpan.FromSeconds(1));

            JsonNode report = (await host.GetAsync("api/caches/default")).AssertOk().Json["lastReport"]!;

            Assert.Equal(answer.ToJsonString(), report.ToJsonString());
        }
    }

    [Fact]
    public async Task Text_for_people_has_no_escapes()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        Answer lowered = (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 4000}""")).AssertOk();
        Answer refused = await host.PutAsync("api/caches/default/limit", """{"maxMemory": "<ä>&'"}""");

        Assert.Contains("limit 1 MiB -> 3.91 KiB", lowered.Text, StringComparison.Ordinal);
        Assert.Contains("'<ä>&''", refused.Text, StringComparison.Ordinal);
        Assert.All(
            [lowered, refused, await host.GetAsync("api/memory"), await host.GetAsync("api/history")],
            static answer => Assert.DoesNotContain("\\u", answer.Text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("true", "got true.")]
    [InlineData("false", "got false.")]
    [InlineData("1.0", "got 1.0.")]
    [InlineData("-0", "got -0.")]
    [InlineData("1E+2", "got 1E+2.")]
    [InlineData("[1]", "got an array.")]
    [InlineData("{}", "got an object.")]
    [InlineData("\"1.0\"", "got '1.0'.")]
    [InlineData("\"2.\"", "got '2.'.")]
    public async Task What_is_no_limit_is_repeated_as_it_came(string limit, string says)
    {
        await using AdminHost host = await AdminHost.StartAsync();

        (await host.PutAsync("api/caches/default/limit", $$"""{"maxMemory": {{limit}}}"""))
            .AssertProblem(HttpStatusCode.BadRequest, says);
        Assert.Equal(1 << 20, host.Default.MaxMemory);
    }

    [Theory]
    [InlineData("/admin/cache", "limit", "PUT")]
    [InlineData("/admin/cache", "limit/", "PUT")]
    [InlineData("/a/b/c", "release", "POST")]
    public async Task The_location_of_an_operation_is_right_wherever_a_proxy_puts_the_endpoint(
        string prefix, string path, string method)
    {
        await using AdminHost host = await AdminHost.StartAsync(before: app =>
        {
            // As a proxy does that serves the application below a prefix, and removes it.
            app.Use((context, next) =>
            {
                if (context.Request.Path.StartsWithSegments("/outside" + prefix, out var rest))
                {
                    context.Request.Path = "/admin/cache" + rest;
                }

                return next(context);
            });
            app.UseRouting();
        });
        using var request = new HttpRequestMessage(
            new HttpMethod(method), $"/outside{prefix}/api/caches/default/{path}");
        request.Headers.Add("Prefer", "respond-async");
        request.Content = new StringContent(
            method == "PUT" ? """{"maxMemory": 4000}""" : "{}", System.Text.Encoding.UTF8, "application/json");

        using HttpResponseMessage accepted = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var location = new Uri(new Uri(host.Client.BaseAddress!, request.RequestUri!), accepted.Headers.Location!);
        Assert.StartsWith($"/outside{prefix}/api/operations/", location.AbsolutePath, StringComparison.Ordinal);
        using HttpResponseMessage operation = await host.Client.GetAsync(location);
        (await Answer.OfAsync(operation)).AssertOk();
    }

    [Fact]
    public async Task Every_answer_says_which_run_of_the_service_gave_it()
    {
        await using AdminHost first = await AdminHost.StartAsync();
        await using AdminHost second = await AdminHost.StartAsync();

        JsonNode service = (await first.GetAsync("api/caches")).AssertOk().Json["service"]!;
        string instance = service["instance"]!.GetValue<string>();
        foreach (string path in (string[])["", "api/caches/default", "api/history", "api/memory", "api/nothing"])
        {
            Assert.Equal(
                instance, Assert.Single((await first.GetAsync(path)).Headers.GetValues("BoundedCache-Instance")));
        }

        Assert.NotEqual(
            instance, Assert.Single((await second.GetAsync("")).Headers.GetValues("BoundedCache-Instance")));
        Assert.Equal(Environment.ProcessId, service["processId"]!.GetValue<int>());
        Assert.False(string.IsNullOrEmpty(service["name"]!.GetValue<string>()));
        Assert.True(service["started"]!.GetValue<DateTimeOffset>() < DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task Who_is_refused_is_not_told_which_run_it_is()
    {
        await using AdminHost host = await AdminHost.StartAsync(options: static _ => { });

        Assert.False((await host.GetAsync("api/caches")).Headers.Contains("BoundedCache-Instance"));
    }
}
