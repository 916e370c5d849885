using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.Caches;

/// <summary>A byte cache behind the admin endpoint, beside caches of objects.</summary>
public sealed class ByteCacheTests
{
    private const long MiB = 1024 * 1024;

    [Fact]
    public async Task It_is_listed_with_its_figures()
    {
        await using AdminHost host = await StartAsync();
        BoundedByteCache cache = Fill(host);

        JsonNode list = (await host.GetAsync("api/caches")).AssertOk().Json;
        Assert.Contains("blobs", list["caches"]!.AsArray().Select(static one => one!["name"]!.GetValue<string>()));
        JsonNode one = (await host.GetAsync("api/caches/blobs")).AssertOk().Json;
        Assert.Equal(cache.UsedMemory, one["usedBytes"]!.GetValue<long>());
        Assert.Equal(16 * MiB, one["maxBytes"]!.GetValue<long>());
        Assert.Equal(cache.Count, one["count"]!.GetValue<long>());
        Assert.Equal("scanResistant", one["evictionPolicy"]!.GetValue<string>());
        foreach (JsonNode? each in list["caches"]!.AsArray())
        {
            string name = each!["name"]!.GetValue<string>();
            JsonNode preview = (await host.GetAsync($"api/caches/{name}/limit/preview?maxMemory=1MB")).AssertOk().Json;
            Assert.Equal(
                (name == "blobs", name == "blobs"),
                (each["isByteCache"]!.GetValue<bool>(), preview["isByteCache"]!.GetValue<bool>()));
        }
    }

    [Fact]
    public async Task Its_releases_stop_nothing_so_as_many_as_wanted_are_allowed_and_modes_make_no_difference()
    {
        await using AdminHost host = await StartAsync(configure: static options => options.ReleasesPerMinute = 1);
        foreach (string body in (string[])["{}", """{"releaseMode": "gentle"}""", """{"releaseMode": "full"}"""])
        {
            JsonNode report = (await host.PostAsync("api/caches/blobs/release", body)).AssertOk().Json;
            Assert.Equal(
                ("full", 0), (report["releaseMode"]!.GetValue<string>(), report["collections"]!.GetValue<int>()));
        }

        Assert.All(
            host.Log.Admin.Where(static line => line.Id == 61),
            static line => Assert.EndsWith(
                "asks for a release (at once, without a collection)", line.Text, StringComparison.Ordinal));
        (await host.PostAsync("api/caches/default/release", "{}")).AssertOk();
        (await host.PostAsync("api/caches/default/release", "{}"))
            .AssertProblem(HttpStatusCode.TooManyRequests, "Ask again");
    }

    [Fact]
    public async Task Its_limit_is_previewed_lowered_and_raised()
    {
        await using AdminHost host = await StartAsync();
        BoundedByteCache cache = Fill(host);
        int count = cache.Count;

        JsonNode preview = (await host.GetAsync("api/caches/blobs/limit/preview?maxMemory=4MB")).AssertOk().Json;
        JsonNode lowered = (await host.PutAsync("api/caches/blobs/limit", """{"maxMemory": "4MB"}""")).AssertOk().Json;

        Assert.Equal(4 * MiB, cache.MaxMemory);
        Assert.InRange(cache.UsedMemory, 3 * MiB, 4 * MiB);
        Assert.Equal("released", lowered["outcome"]!.GetValue<string>());
        Assert.Equal(0, lowered["collections"]!.GetValue<int>());
        long evicted = lowered["entriesEvicted"]!.GetValue<long>();
        Assert.Equal(count - cache.Count, evicted);
        Assert.InRange(preview["entriesToEvict"]!.GetValue<long>(), evicted * 0.9, evicted * 1.1);

        JsonNode raised = (await host.PutAsync("api/caches/blobs/limit", """{"maxMemory": "32MB"}""")).AssertOk().Json;
        Assert.Equal(32 * MiB, cache.MaxMemory);
        Assert.Equal(0, raised["entriesEvicted"]!.GetValue<long>());
        Assert.Equal("notRequested", raised["outcome"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_limit_that_the_machine_cannot_hold_is_answered_with_advice()
    {
        await using AdminHost host = await StartAsync();

        string? previewed = (await host.GetAsync("api/caches/blobs/limit/preview?maxMemory=1PB"))
            .AssertOk().Json["advice"]?.GetValue<string>();
        JsonNode set = (await host.PutAsync("api/caches/blobs/limit", """{"maxMemory": "1PB"}""")).AssertOk().Json;
        (await host.PutAsync("api/caches/blobs/limit", """{"maxMemory": "1MB"}""")).AssertOk();

        Assert.Contains("caches that may have 1", previewed, StringComparison.Ordinal);
        Assert.Contains("caches that may have 1", set["advice"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_memory_is_a_row_of_the_report()
    {
        await using AdminHost host = await StartAsync();
        BoundedByteCache cache = Fill(host);

        JsonNode report = (await host.GetAsync("api/memory")).AssertOk().Json;
        JsonNode part = report["rows"]!.AsArray().SelectMany(static row => row!["parts"]!.AsArray())
            .Single(static part => part!["name"]!.GetValue<string>() == "byte caches")!;
        Assert.True(part["bytes"]!.GetValue<long>() >= cache.UsedMemory - (MiB / 2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Its_contents_are_bytes_and_the_beginnings_of_keys_are_told_with_the_option(bool isOption)
    {
        await using AdminHost host = await StartAsync(isOption);
        BoundedByteCache cache = Fill(host);
        for (int i = 0; i < 200; i++)
        {
            cache.Set($"é:secret{i}", new byte[20_000]);
        }

        Answer answer = (await host.GetAsync("api/caches/blobs/contents")).AssertOk();

        Assert.True(answer.Json["isKnown"]!.GetValue<bool>());
        Assert.InRange(answer.Json["sampledEntries"]!.GetValue<int>(), 2_000, 4_000);
        JsonNode type = Assert.Single(answer.Json["types"]!.AsArray())!;
        Assert.Equal("Byte[]", type["name"]!.GetValue<string>());
        Assert.Equal(cache.UsedMemory, type["bytes"]!.GetValue<long>());
        Assert.InRange(type["entries"]!.GetValue<long>(), cache.Count - 1, cache.Count + 1);
        Assert.Equal(
            isOption ? ["keys without a separator", "é:"] : [],
            answer.Json["keyPrefixes"]?.AsArray().Select(static each => each!["name"]!.GetValue<string>()) ?? []);
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_gives_back_what_is_free()
    {
        await using AdminHost host = await StartAsync();
        BoundedByteCache cache = Fill(host);
        cache.RemoveByPrefix("k1");

        JsonNode released = (await host.PostAsync("api/caches/blobs/release", "{}")).AssertOk().Json;

        Assert.Equal("released", released["outcome"]!.GetValue<string>());
        Assert.Equal(0, released["entriesEvicted"]!.GetValue<long>());
    }

    private static Task<AdminHost> StartAsync(
        bool showsKeys = false, Action<BoundedCacheAdminOptions>? configure = null) => AdminHost.StartAsync(
        all =>
        {
            (all.AllowLoopback, all.ShowKeyPrefixes) = (true, showsKeys);
            configure?.Invoke(all);
        },
        static services => services.AddKeyedBoundedByteCache("blobs", static options =>
        {
            options.MaxMemory = 16 * MiB;
            options.EvictionPolicy = EvictionPolicy.ScanResistant;
        }));

    private static BoundedByteCache Fill(AdminHost host)
    {
        var cache = host.App.Services.GetRequiredKeyedService<BoundedByteCache>("blobs");
        for (int i = 0; i < 20_000; i++)
        {
            cache.Set("k" + i.ToString(CultureInfo.InvariantCulture), new byte[1_000]);
        }

        return cache;
    }
}
