using System.Net;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Tests.Support;

namespace BoundedCache.AspNetCore.Tests.Caches;

/// <summary>What a cache holds, largest first.</summary>
public sealed class ContentsTests
{
    [Fact]
    public async Task Types_are_listed_largest_first_and_add_up()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        Fill(host);

        JsonNode contents = (await host.GetAsync("api/caches/default/contents")).AssertOk().Json;

        Assert.Equal(
            ["Byte[]", "Dictionary<String, Int32[]>", "String", "null"],
            contents["types"]!.AsArray().Select(static type => type!["name"]!.GetValue<string>()));
        Assert.Equal(host.Default.Count, contents["sampledEntries"]!.GetValue<int>());
        Assert.InRange(
            contents["types"]!.AsArray().Sum(static type => type!["bytes"]!.GetValue<long>()),
            host.Default.UsedMemory - 10,
            host.Default.UsedMemory);
        Assert.Equal(20, contents["types"]![0]!["entries"]!.GetValue<long>());
        Assert.True(contents["isKnown"]!.GetValue<bool>());
        Assert.Null(contents["keyPrefixes"]);
    }

    [Fact]
    public async Task A_large_cache_is_sampled_and_the_estimate_is_near()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        host.Default.MaxMemory = 1 << 30;
        for (int i = 0; i < 50_000; i++)
        {
            host.Default.Set<object>(i, i % 5 == 0 ? new byte[1000] : "text");
        }

        JsonNode contents = (await host.GetAsync("api/caches/default/contents")).AssertOk().Json;

        Assert.InRange(contents["sampledEntries"]!.GetValue<int>(), 2000, 4000);
        Assert.Equal("Byte[]", contents["types"]![0]!["name"]!.GetValue<string>());
        Assert.InRange(contents["types"]![0]!["entries"]!.GetValue<long>(), 8_000, 12_000);
        Assert.InRange(contents["types"]![1]!["entries"]!.GetValue<long>(), 36_000, 44_000);
    }

    [Theory]
    [InlineData(true, TestUsers.Operator, true)]
    [InlineData(true, TestUsers.Reader, false)]
    [InlineData(false, TestUsers.Operator, false)]
    public async Task Prefixes_of_keys_largest_first_need_the_option_and_the_policy_of_changes(
        bool isShown, string user, bool expected)
    {
        await using AdminHost host = await AdminHost.StartAsync(
            all => (all.ReadPolicy, all.ChangePolicy, all.ShowKeyPrefixes) = ("read", "change", isShown),
            TestUsers.Add);
        Fill(host);

        Answer answer = (await host.GetAsync("api/caches/default/contents", user)).AssertOk();

        Assert.Equal(expected, answer.Json["keyPrefixes"] is not null);
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
        if (expected)
        {
            Assert.Equal(
                ["product:", "user/", "keys of the type Int32", "keys without a separator"],
                answer.Json["keyPrefixes"]!.AsArray().Select(static each => each!["name"]!.GetValue<string>()));
        }
    }

    [Fact]
    public async Task A_kind_of_cache_that_cannot_tell_says_so_and_an_unknown_one_is_not_found()
    {
        await using AdminHost host = await AdminHost.StartAsync(services: static services =>
            Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton(
                services,
                new BoundedMemoryCacheRegistry(
                    [new FakeCache("fake") { Snapshot = new() { Name = "fake", Count = 3 } }])));

        JsonNode contents = (await host.GetAsync("api/caches/fake/contents")).AssertOk().Json;

        Assert.False(contents["isKnown"]!.GetValue<bool>());
        Assert.Empty(contents["types"]!.AsArray());
        (await host.GetAsync("api/caches/default/contents")).AssertProblem(HttpStatusCode.NotFound, "'default'");
    }

    private static void Fill(AdminHost host)
    {
        for (int i = 0; i < 20; i++)
        {
            host.Default.Set($"product:secret{i}", new byte[10_000]);
            host.Default.Set($"user/secret{i}", new Dictionary<string, int[]> { ["a"] = new int[500] });
            host.Default.Set(i, new string('x', 100));
        }

        host.Default.Set<object?>("secret", null);
    }
}
