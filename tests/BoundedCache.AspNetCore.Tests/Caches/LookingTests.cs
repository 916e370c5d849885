using System.Diagnostics;
using System.Net;
using System.Reflection;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.Caches;

/// <summary>Looking at caches.</summary>
public sealed class LookingTests
{
    [Fact]
    public async Task The_list_has_every_cache_the_process_and_what_may_be_done()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        host.Default.Set("a key", new byte[1000]);
        host.Default.TryGetValue("a key", out _);
        host.Default.TryGetValue("another", out _);

        Answer answer = (await host.GetAsync("api/caches")).AssertOk();

        Assert.Equal(
            ["default", "pages"],
            answer.Json["caches"]!.AsArray().Select(static cache => cache!["name"]!.GetValue<string>()));
        Assert.Equal(host.Default.UsedMemory, answer.Json["caches"]![0]!["usedBytes"]!.GetValue<long>());
        Assert.Equal(0.5, answer.Json["caches"]![0]!["hitRatio"]!.GetValue<double>());
        Assert.Equal("measured", answer.Json["caches"]![0]!["sizing"]!.GetValue<string>());
        Assert.Null(answer.Json["caches"]![1]!["hits"]);
        Assert.Null(answer.Json["caches"]![1]!["hitRatio"]);
        Assert.True(answer.Json["process"]!["residentBytes"]!.GetValue<long>() > 0);
        Assert.Equal(1, answer.Json["limits"]!["minimumBytes"]!.GetValue<long>());
        Assert.Null(answer.Json["limits"]!["maximumBytes"]);
        Assert.True(answer.Json["canChange"]!.GetValue<bool>());
        Assert.Equal(1000, answer.Json["sampleIntervalMilliseconds"]!.GetValue<double>());
    }

    [Fact]
    public async Task Every_answer_about_the_process_names_the_service_its_version_and_its_run()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        string version = FileVersionInfo.GetVersionInfo(Assembly.GetEntryAssembly()!.Location).ProductVersion!;

        Answer list = (await host.GetAsync("api/caches")).AssertOk();
        Answer history = (await host.GetAsync("api/history")).AssertOk();

        JsonNode service = list.Json["service"]!;
        Assert.Equal(host.App.Environment.ApplicationName, service["name"]!.GetValue<string>());
        Assert.Equal(version.Split('+')[0], service["version"]!.GetValue<string>());
        Assert.Equal(Environment.MachineName, service["machine"]!.GetValue<string>());
        Assert.Equal(process.Id, service["processId"]!.GetValue<int>());
        Assert.Equal(process.StartTime.ToUniversalTime(), service["started"]!.GetValue<DateTimeOffset>().UtcDateTime);
        Assert.Equal(service.ToJsonString(), history.Json["service"]!.ToJsonString());
    }

    [Fact]
    public async Task One_cache_is_the_same_as_in_the_list_and_an_unknown_one_is_not_found()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        Answer list = (await host.GetAsync("api/caches")).AssertOk();
        Answer one = (await host.GetAsync("api/caches/pages")).AssertOk();

        Assert.Equal(list.Json["caches"]![1]!.ToJsonString(), one.Json.ToJsonString());
        (await host.GetAsync("api/caches/Pages"))
            .AssertProblem(HttpStatusCode.NotFound, "'Pages'", "default, pages", "Case matters");
    }

    [Fact]
    public async Task The_policy_of_a_cache_of_objects_is_shown()
    {
        await using AdminHost host = await AdminHost.StartAsync(services: static services =>
            services.AddKeyedBoundedMemoryCache("scans", static cache =>
                (cache.MaxMemory, cache.EvictionPolicy) = (1 << 20, EvictionPolicy.ScanResistant)));

        Answer list = (await host.GetAsync("api/caches")).AssertOk();
        Answer one = (await host.GetAsync("api/caches/scans")).AssertOk();

        Assert.Equal(
            ["default leastRecentlyUsed", "pages leastRecentlyUsed", "scans scanResistant"],
            list.Json["caches"]!.AsArray().Select(static cache => $"{cache!["name"]} {cache["evictionPolicy"]}"));
        Assert.Equal("scanResistant", one.Json["evictionPolicy"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_limit_is_set_and_the_answer_is_the_report()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        for (int i = 0; i < 100; i++)
        {
            host.Default.Set(i, new byte[1000]);
        }

        Answer preview = (await host.GetAsync("api/caches/default/limit/preview?maxMemory=50KB")).AssertOk();
        Answer answer = (await host.PutAsync("api/caches/default/limit", """{"maxMemory": "50KB"}""")).AssertOk();

        Assert.Equal(50 << 10, host.Default.MaxMemory);
        Assert.Equal(1 << 20, answer.Json["oldMaxBytes"]!.GetValue<long>());
        Assert.Equal(50 << 10, answer.Json["newMaxBytes"]!.GetValue<long>());
        Assert.Equal(100 - host.Default.Count, answer.Json["entriesEvicted"]!.GetValue<long>());
        Assert.InRange(
            preview.Json["entriesToEvict"]!.GetValue<long>(),
            answer.Json["entriesEvicted"]!.GetValue<long>() - 2,
            answer.Json["entriesEvicted"]!.GetValue<long>() + 2);
        Assert.Equal("notRequested", answer.Json["outcome"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_limit_that_the_process_cannot_hold_is_answered_with_advice_before_and_after()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        string? advice = (await host.GetAsync("api/caches/default/limit/preview?maxMemory=1PB"))
            .AssertOk().Json["advice"]?.GetValue<string>();
        Answer raised = (await host.PutAsync("api/caches/default/limit", """{"maxMemory": "1PB"}""")).AssertOk();
        Answer same = (await host.PutAsync("api/caches/default/limit", """{"maxMemory": "1PB"}""")).AssertOk();

        Assert.Contains("Lower MaxMemory to", advice, StringComparison.Ordinal);
        Assert.Contains(
            "Lower MaxMemory to", raised.Json["advice"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("raised", raised.Json["limitChange"]!.GetValue<string>());
        Assert.Equal("unchanged", same.Json["limitChange"]!.GetValue<string>());
        Assert.Contains("limit unchanged at 1 PiB", same.Json["summary"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_does_not_want_to_wait_gets_an_operation_to_poll()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        Answer accepted = await host.PutAsync(
            "api/caches/default/limit", """{"maxMemory": 65536, "releaseMode": "full"}""", "Prefer: respond-async");
        Assert.Equal(HttpStatusCode.Accepted, accepted.Status);
        string location = accepted.Headers.Location!.OriginalString;
        Assert.Equal($"../../operations/{accepted.Json["id"]}", location);

        Answer operation;
        do
        {
            operation = (await host.GetAsync(location.Replace("../..", "api", StringComparison.Ordinal))).AssertOk();
        }
        while (operation.Json["state"]!.GetValue<string>() is "evicting" or "releasing");

        Assert.Equal("completed", operation.Json["state"]!.GetValue<string>());
        Assert.Equal(65536, operation.Json["report"]!["newMaxBytes"]!.GetValue<long>());
        Assert.Equal(65536, host.Default.MaxMemory);
    }

    [Fact]
    public async Task The_memory_report_has_the_shape_that_the_librarys_own_JSON_has()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        JsonNode answered = (await host.GetAsync("api/memory")).AssertOk().Json;
        JsonNode written = JsonNode.Parse(MemoryReport.Capture().ToJson())!;

        Assert.Equal(Members(written), Members(answered));
        Assert.Equal(Members(written["rows"]![0]!), Members(answered["rows"]![0]!));
        Assert.Equal(Kinds(written), Kinds(answered));
        Assert.Equal("observe", answered["mode"]!.GetValue<string>());

        static IEnumerable<string> Members(JsonNode node) => node.AsObject().Select(static member => member.Key);
        static IEnumerable<string> Kinds(JsonNode report) =>
            report["rows"]!.AsArray().Select(static row => row!["kind"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("api/history")]
    [InlineData("api/memory")]
    [InlineData("")]
    public async Task The_rest_answers(string path)
    {
        await using AdminHost host = await AdminHost.StartAsync();

        (await host.GetAsync(path)).AssertOk();
    }

    [Fact]
    public async Task It_is_closed_unless_somebody_opens_it()
    {
        await using AdminHost host = await AdminHost.StartAsync(options: static _ => { });

        (await host.GetAsync("api/caches"))
            .AssertProblem(HttpStatusCode.Forbidden, "RequireAuthorization", "AllowLoopback");
        (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 1}"""))
            .AssertProblem(HttpStatusCode.Forbidden, "RequireAuthorization");
        Assert.Equal(1 << 20, host.Default.MaxMemory);
    }
}
