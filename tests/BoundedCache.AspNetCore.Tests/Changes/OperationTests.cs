using System.Net;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.Changes;

/// <summary>Changes that take time, that meet, and whose clients go away.</summary>
public sealed class OperationTests
{
    [Fact]
    public async Task Changes_that_meet_are_put_in_order_the_last_one_wins_and_each_is_told_what_it_did()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        for (int round = 0; round < 5; round++)
        {
            long first = host.Default.MaxMemory;
            int from = 10_000 * (round + 1);

            Answer[] answers = await Task.WhenAll(Enumerable.Range(from, 12)
                .Select(limit => host.PutAsync("api/caches/default/limit", $$"""{"maxMemory": {{limit}}}""")));

            // Each says which limit it replaced, so together they are one chain from the first
            // limit to the one that holds.
            Dictionary<long, long> next = answers.ToDictionary(
                static answer => answer.AssertOk().Json["oldMaxBytes"]!.GetValue<long>(),
                static answer => answer.Json["newMaxBytes"]!.GetValue<long>());
            long limit = first;
            for (int i = 0; i < 12; i++)
            {
                limit = next[limit];
            }

            Assert.Equal(host.Default.MaxMemory, limit);
        }

        // The log has them in the same order.
        Assert.EndsWith(
            $"to {host.Default.MaxMemory} bytes",
            host.Log.Admin.Last(static line => line.Id == 60).Text,
            StringComparison.Ordinal);
        InvariantChecker.Check(host.Default.Engine);
    }

    [Fact]
    public async Task A_client_that_goes_away_does_not_end_the_change()
    {
        await using KestrelHost host = await KestrelHost.StartAsync();
        using var tokens = new BlockingTokens();
        tokens.Fill(host.Default, 1);
        using var client = new CancellationTokenSource();

        Task<Answer> request = host.SendAsync(
            HttpMethod.Put, "api/caches/default/limit", """{"maxMemory": 500}""", client.Token);
        await tokens.WaitUntilBlockedAsync();
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        tokens.Release();

        LogLine ended = await Eventually(() => host.Log.Admin.FirstOrDefault(static line => line.Id == 62));
        Assert.Contains("limit 1048576 -> 500 bytes", ended.Text, StringComparison.Ordinal);
        Assert.Equal((500, 0), (host.Default.MaxMemory, host.Default.Count));
    }

    [Fact]
    public async Task Only_so_many_changes_are_under_way_and_one_too_many_changes_nothing()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        using var tokens = new BlockingTokens();
        tokens.Fill(host.Default, 16);
        List<Answer> accepted = [];

        for (int i = 0; i < 16; i++)
        {
            // One byte less than what is used evicts one entry.
            accepted.Add(await host.PutAsync(
                "api/caches/default/limit",
                $$"""{"maxMemory": {{host.Default.UsedMemory - 1}}}""",
                "Prefer: respond-async, wait=1"));
            await tokens.WaitUntilBlockedAsync();
        }

        long limit = host.Default.MaxMemory;
        Answer refused = await host.PutAsync("api/caches/default/limit", """{"maxMemory": 7}""");
        refused.AssertProblem(HttpStatusCode.TooManyRequests, "16 changes", "Nothing was changed");
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal((limit, 0), (host.Default.MaxMemory, host.Default.Count));

        tokens.Release();
        Assert.All(accepted, static answer =>
        {
            Assert.Equal(HttpStatusCode.Accepted, answer.Status);
            Assert.Equal("respond-async", Assert.Single(answer.Headers.GetValues("Preference-Applied")));
            Assert.True(answer.Json["state"]!.GetValue<string>() is "evicting" or "releasing" or "completed");
        });
        foreach (Answer each in accepted)
        {
            JsonNode ended = await EndAsync(host, each);
            Assert.Equal("completed", ended["state"]!.GetValue<string>());
        }

        (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 7}""")).AssertOk();
    }

    [Fact]
    public async Task A_host_that_stops_answers_who_still_waits_with_the_operation()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        using var tokens = new BlockingTokens();
        tokens.Fill(host.Default, 1);

        Task<Answer> request = host.PutAsync("api/caches/default/limit", """{"maxMemory": 500}""");
        await tokens.WaitUntilBlockedAsync();
        Task stop = host.App.StopAsync();

        Answer answer = await request;
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.Equal("setLimit", answer.Json["kind"]!.GetValue<string>());
        tokens.Release();
        await stop;
    }

    [Fact]
    public async Task An_operation_that_there_is_not()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        (await host.GetAsync("api/operations/5")).AssertProblem(HttpStatusCode.NotFound, "'5'", "earlier run");
    }

    [Fact]
    public async Task The_location_is_right_below_a_path_base_and_a_group()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            before: static app => Microsoft.AspNetCore.Builder.UsePathBaseExtensions.UsePathBase(app, "/base"),
            map: static (app, options) =>
            {
                Microsoft.AspNetCore.Builder.EndpointRoutingApplicationBuilderExtensions.UseRouting(app);
                Microsoft.AspNetCore.Builder.BoundedCacheAdminEndpointRouteBuilderExtensions.MapBoundedCacheAdmin(
                    app, "/admin/cache", options);
            });
        using var request = new HttpRequestMessage(HttpMethod.Put, "/base/admin/cache/api/caches/default/limit/")
        {
            Content = new StringContent("""{"maxMemory": 500}""", System.Text.Encoding.UTF8, "application/json"),
            Headers = { { "Prefer", "respond-async" } },
        };

        using HttpResponseMessage response = await host.Client.SendAsync(request);

        var location = new Uri(new Uri(host.Client.BaseAddress!, request.RequestUri!), response.Headers.Location!);
        Assert.StartsWith("/base/admin/cache/api/operations/", location.AbsolutePath, StringComparison.Ordinal);
        using HttpResponseMessage operation = await host.Client.GetAsync(location);
        Assert.Equal(HttpStatusCode.OK, operation.StatusCode);
    }

    [Fact]
    public async Task Releases_and_collections_come_only_so_often()
    {
        var time = new ManualTimeProvider();
        await using AdminHost host = await AdminHost.StartAsync(
            all => (all.AllowLoopback, all.ReleasesPerMinute, all.TimeProvider) = (true, 2, time));

        (await host.PostAsync("api/caches/default/release", """{"releaseMode": "gentle "}"""))
            .AssertProblem(HttpStatusCode.BadRequest);
        (await host.PostAsync("api/caches/default/release", "{}")).AssertOk();
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("collect", (await host.PostAsync("api/memory", "{}")).AssertOk().Json["mode"]!.GetValue<string>());

        foreach (string path in new[] { "api/caches/default/release", "api/memory" })
        {
            Answer refused = await host.PostAsync(path, "{}");
            refused.AssertProblem(HttpStatusCode.TooManyRequests, "Ask again in 40 s");
            Assert.Equal(TimeSpan.FromSeconds(40), refused.Headers.RetryAfter!.Delta);
        }

        (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 500, "releaseMode": "none"}""")).AssertOk();
        (await host.PostAsync("api/caches/default/clear", "{}")).AssertOk();
        time.Advance(TimeSpan.FromSeconds(40));
        (await host.PostAsync("api/caches/default/release", """{"releaseMode": "full"}""")).AssertOk();
        (await host.PostAsync("api/caches/default/release", "{}"))
            .AssertProblem(HttpStatusCode.TooManyRequests, "Ask again in 20 s");
    }

    [Fact]
    public async Task A_release_that_did_not_begin_does_not_count()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            static all => (all.AllowLoopback, all.ReleasesPerMinute) = (true, 1));
        host.Pages.Dispose();
        for (int i = 0; i < 2; i++)
        {
            (await host.PostAsync("api/caches/pages/release", "{}"))
                .AssertProblem(HttpStatusCode.Conflict, "disposed");
        }

        (await host.PostAsync("api/caches/default/release", "{}")).AssertOk();
        (await host.PostAsync("api/caches/default/release", "{}"))
            .AssertProblem(HttpStatusCode.TooManyRequests, "Ask again");
    }

    [Fact]
    public async Task A_release_that_is_one_change_too_many_does_not_count()
    {
        var running = new TaskCompletionSource<ShrinkReport>();
        var cache = new FakeCache("fake") { Ending = running.Task };
        await using AdminHost host = await AdminHost.StartAsync(
            static all => (all.AllowLoopback, all.ReleasesPerMinute) = (true, 1),
            services => services.AddSingleton(new BoundedMemoryCacheRegistry([cache])));
        for (int i = 0; i < 16; i++)
        {
            await host.PutAsync("api/caches/fake/limit", """{"maxMemory": 7}""", "Prefer: respond-async");
        }

        (await host.PostAsync("api/caches/fake/release", "{}"))
            .AssertProblem(HttpStatusCode.TooManyRequests, "16 changes");
        running.SetResult(new ShrinkReport { CacheName = "fake" });
        Answer answer;
        do
        {
            // Until the changes have ended.
            answer = await host.PostAsync("api/caches/fake/release", "{}");
        }
        while (answer.Text.Contains("16 changes", StringComparison.Ordinal));

        answer.AssertOk();
    }

    [Fact]
    public async Task Compacting_and_clearing_say_what_they_removed()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        for (int i = 0; i < 100; i++)
        {
            host.Default.Set(i, new byte[100]);
        }

        long used = host.Default.UsedMemory;
        JsonNode compacted =
            (await host.PostAsync("api/caches/default/compact", """{"share": 0.25}""")).AssertOk().Json;
        Assert.Equal((25, used / 4, 75), (
            compacted["entriesRemoved"]!.GetValue<long>(),
            compacted["bytesRemoved"]!.GetValue<long>(),
            compacted["count"]!.GetValue<int>()));
        JsonNode cleared = (await host.PostAsync("api/caches/default/clear", "{}")).AssertOk().Json;
        Assert.Equal((75, 0, 0), (
            cleared["entriesRemoved"]!.GetValue<long>(),
            cleared["usedBytes"]!.GetValue<long>(),
            cleared["count"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Every_change_is_logged_with_who_from_to_and_outcome()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            static all => (all.ReadPolicy, all.ChangePolicy) = ("read", "change"), TestUsers.Add);

        await host.PutAsync("api/caches/default/limit", """{"maxMemory": 500}""", TestUsers.Operator);
        await host.PostAsync("api/caches/pages/release", "{}", TestUsers.Operator);
        await host.PostAsync("api/caches/pages/compact", """{"share": 1}""", TestUsers.Operator);
        await host.PostAsync("api/caches/pages/clear", "{}", TestUsers.Operator);
        await host.PostAsync("api/memory", "{}", TestUsers.Operator);

        IReadOnlyList<LogLine> lines = host.Log.Admin;
        Assert.Equal([60, 62, 61, 62, 64, 65, 66], lines.Select(static line => line.Id));
        Assert.All(lines, static line => Assert.Contains("oscar (127.0.0.1)", line.Text, StringComparison.Ordinal));
        Assert.Equal("default: oscar (127.0.0.1) sets the limit from 1048576 to 500 bytes", lines[0].Text);
        Assert.StartsWith(
            "default: SetLimit by oscar (127.0.0.1) has ended: limit 1048576 -> 500 bytes, NotRequested",
            lines[1].Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_that_is_disposed_is_a_conflict()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        host.Default.Dispose();

        (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 500}"""))
            .AssertProblem(HttpStatusCode.Conflict, "disposed");
        (await host.PostAsync("api/caches/default/release", "{}")).AssertProblem(HttpStatusCode.Conflict, "disposed");
        (await host.PostAsync("api/caches/default/clear", "{}")).AssertProblem(HttpStatusCode.Conflict, "disposed");
        (await host.GetAsync("api/caches")).AssertOk();
    }

    private static async Task<JsonNode> EndAsync(AdminHost host, Answer accepted)
    {
        string path = accepted.Headers.Location!.OriginalString.Replace("../..", "api", StringComparison.Ordinal);
        JsonNode operation;
        do
        {
            operation = (await host.GetAsync(path)).AssertOk().Json;
        }
        while (operation["state"]!.GetValue<string>() is "evicting" or "releasing");

        return operation;
    }

    private static async Task<T> Eventually<T>(Func<T?> find)
        where T : class
    {
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            if (find() is { } found)
            {
                return found;
            }

            hung.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
