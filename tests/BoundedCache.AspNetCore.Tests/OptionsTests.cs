using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing.Patterns;

namespace BoundedCache.AspNetCore.Tests;

/// <summary>What is refused when the endpoint is mapped.</summary>
public sealed class OptionsTests
{
    public static TheoryData<string, Action<BoundedCacheAdminOptions>> Faults => new()
    {
        { "ReadPolicy: expected the name of an authorization policy", static all => all.ReadPolicy = " " },
        { "ChangePolicy: expected the name", static all => all.ChangePolicy = "" },
        {
            "ChangePolicy is not set, while ReadPolicy and AllowLoopback are",
            static all => (all.AllowLoopback, all.ReadPolicy) = (true, "read")
        },
        { "MinimumLimit: expected at least 1 byte, got 0.", static all => all.MinimumLimit = 0 },
        {
            "MaximumLimit: expected at least MinimumLimit, 6 bytes, or null for no ceiling, got 5.",
            static all => (all.MinimumLimit, all.MaximumLimit) = (6, 5)
        },
        {
            "SampleInterval: expected from 100 milliseconds to 1 hour, got 00:00:00.0990000.",
            static all => all.SampleInterval = TimeSpan.FromMilliseconds(99)
        },
        {
            "SampleInterval: expected from 100 milliseconds to 1 hour, got 01:00:00.0010000.",
            static all => all.SampleInterval = TimeSpan.FromMilliseconds(3_600_001)
        },
        { "HistorySamples: expected from 1 to 100000, got 0.", static all => all.HistorySamples = 0 },
        { "ReleasesPerMinute: expected from 1 to 600, got 601.", static all => all.ReleasesPerMinute = 601 },
        { "TimeProvider: expected a clock, got null.", static all => all.TimeProvider = null! },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_setting_that_is_not_allowed_is_named_with_what_is(
        string says, Action<BoundedCacheAdminOptions> options)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => AdminHost.Make(options));

        Assert.StartsWith($"BoundedCacheAdminOptions.{says}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_that_is_changed_later_changes_nothing()
    {
        BoundedCacheAdminOptions? kept = null;
        await using AdminHost host = await AdminHost.StartAsync(all => kept = all);

        kept!.AllowLoopback = true;

        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await host.GetAsync("api/caches")).Status);
    }

    [Theory]
    [InlineData("/admin/cache", "/admin/cache")]
    [InlineData("/admin/cache", "admin/cache/")]
    [InlineData("/Admin/Cache", "/admin/cache")]
    [InlineData("", "/")]
    public async Task The_same_pattern_mapped_twice_is_refused_and_another_is_not(string first, string second)
    {
        await using AdminHost host = AdminHost.Make(map: (app, options) =>
        {
            app.MapBoundedCacheAdmin(first, options);
            app.MapBoundedCacheAdmin("/another", options);

            InvalidOperationException exception = Assert.Throws<InvalidOperationException>(
                () => app.MapBoundedCacheAdmin(second, options));
            Assert.Contains(
                $"a second MapBoundedCacheAdmin(\"{second}\")", exception.Message, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("/a", "/x/y", "/a/x", "/y")]
    [InlineData("/a", "x/y/", "/A/X", "Y")]
    [InlineData("/a", "/x/y", "", "/a/x/y")]
    public async Task The_same_pattern_through_two_groups_is_named_at_the_first_request(
        string group, string pattern, string otherGroup, string otherPattern)
    {
        await using AdminHost host = await AdminHost.StartAsync(map: (app, options) =>
        {
            app.MapGroup(group).MapBoundedCacheAdmin(pattern, options);
            app.MapGroup(otherGroup).MapBoundedCacheAdmin(otherPattern, options);
        });

        for (int i = 0; i < 2; i++)
        {
            InvalidOperationException exception = await Assert.ThrowsAsync<InvalidOperationException>(
                () => host.Client.GetAsync(new Uri("/a/x/y/api/caches", UriKind.Relative)));
            Assert.Contains(
                "got two calls of MapBoundedCacheAdmin that map \"/a/x/y\", counting the prefixes",
                exception.Message,
                StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task The_same_pattern_for_hosts_that_overlap_is_named_with_the_host()
    {
        await using AdminHost host = await AdminHost.StartAsync(map: static (app, options) =>
        {
            app.MapGroup("").RequireHost("localhost", "one").MapBoundedCacheAdmin("/a", options);
            app.MapGroup("/a").RequireHost("two", "LOCALHOST").MapBoundedCacheAdmin("", options);
        });

        InvalidOperationException exception = await Assert.ThrowsAsync<InvalidOperationException>(
            () => host.Client.GetAsync(new Uri("/a/api/caches", UriKind.Relative)));
        Assert.Contains("map \"/a\" for the host \"localhost\"", exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Endpoints_that_routing_tells_apart_are_no_second_ones()
    {
        await using AdminHost host = await AdminHost.StartAsync(map: static (app, options) =>
        {
            app.MapGroup("/a").MapBoundedCacheAdmin("/x", options);
            app.MapGroup("/b").MapBoundedCacheAdmin("/x", options);
            app.MapGroup("").RequireHost("localhost").MapBoundedCacheAdmin("/host", options);
            app.MapGroup("").RequireHost("elsewhere").MapBoundedCacheAdmin("/host", options);
            app.MapGroup("/order").MapBoundedCacheAdmin("/x", options);
            app.MapGroup("").WithOrder(1).MapBoundedCacheAdmin("/order/x", options);
            foreach (string name in (string[])["made", "built"])
            {
                app.MapGroup(RoutePatternFactory.Pattern(
                    RoutePatternFactory.Segment(RoutePatternFactory.LiteralPart(name))))
                    .MapBoundedCacheAdmin("/x", options);
            }

            foreach (string branch in (string[])["/one", "/two"])
            {
                app.Map(branch, each => each.UseRouting().UseEndpoints(
                    endpoints => endpoints.MapBoundedCacheAdmin("/x", options)));
            }
        });

        string[] prefixes = ["/a/x", "/b/x", "/host", "/order/x", "/made/x", "/built/x", "/one/x", "/two/x"];
        foreach (string prefix in prefixes)
        {
            using HttpResponseMessage response = await host.Client.GetAsync(
                new Uri($"{prefix}/api/caches", UriKind.Relative));
            (await Answer.OfAsync(response)).AssertOk();
        }
    }

    [Fact]
    public async Task Without_a_cache_there_is_nothing_to_administer()
    {
        await using WebApplication app = WebApplication.CreateSlimBuilder().Build();

        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(
            () => app.MapBoundedCacheAdmin());
        Assert.Contains("AddBoundedMemoryCache()", exception.Message, StringComparison.Ordinal);
    }
}
