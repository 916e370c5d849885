using System.Reflection;
using System.Text.Encodings.Web;
using BoundedCache.TestSupport;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.TagHelpers;
using Microsoft.AspNetCore.Razor.TagHelpers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Internal;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.AspNetCore.Tests.Mvc;

/// <summary>
/// MVC's own <see cref="CacheTagHelper"/>, which caches rendered parts of pages and relies on linked entries: a part is
/// rendered again when a token changes of what it was made of. On the cache that it makes for itself, and on ours.
/// </summary>
public abstract class CacheTagHelperTests : IDisposable
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private readonly IMemoryCache _cache;
    private int _rendered;

    protected CacheTagHelperTests(Func<TimeProvider, IMemoryCache> makeCache)
    {
        ArgumentNullException.ThrowIfNull(makeCache);
        _cache = makeCache(Time);
    }

    protected ManualTimeProvider Time { get; } = new();

    public void Dispose()
    {
        _cache.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_part_is_rendered_once_until_it_expires()
    {
        Assert.Equal("part 1", await RenderAsync("part", Part, s_minute));
        Assert.Equal("part 1", await RenderAsync("part", Part, s_minute));
        Time.Advance(s_minute);
        Assert.Equal("part 2", await RenderAsync("part", Part, s_minute));
    }

    [Fact]
    public async Task Parts_that_vary_are_rendered_each()
    {
        Assert.Equal("part 1", await RenderAsync("part", Part, s_minute, varyBy: "a"));
        Assert.Equal("part 2", await RenderAsync("part", Part, s_minute, varyBy: "b"));
        Assert.Equal("part 1", await RenderAsync("part", Part, s_minute, varyBy: "a"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_part_is_rendered_again_when_what_it_was_made_of_changes(bool wasThereBefore)
    {
        using var source = new CancellationTokenSource();
        if (wasThereBefore)
        {
            Data();
        }

        Assert.Equal("data 1", await RenderAsync("part", () => Task.FromResult(Data()), s_minute));
        Assert.Equal("data 1", await RenderAsync("part", () => Task.FromResult(Data()), s_minute));
        await source.CancelAsync();
        Assert.Equal("data 2", await RenderAsync("part", () => Task.FromResult(Data()), s_minute));

        string Data() => _cache.GetOrCreate("data", entry =>
        {
            entry.Size = 1;
            if (!source.IsCancellationRequested)
            {
                entry.AddExpirationToken(new CancellationChangeToken(source.Token));
            }

            return $"data {++_rendered}";
        })!;
    }

    [Fact]
    public async Task An_outer_part_is_rendered_again_when_what_an_inner_one_was_made_of_changes()
    {
        using var source = new CancellationTokenSource();
        Assert.Equal("outer [data]", await RenderOuterAsync("data"));
        Assert.Equal("outer [data]", await RenderOuterAsync("not rendered"));
        await source.CancelAsync();
        Assert.Equal("outer [new data]", await RenderOuterAsync("new data"));

        Task<string> RenderOuterAsync(string data) =>
            RenderAsync(
                "outer",
                async () => $"outer [{await RenderAsync("inner", () => Task.FromResult(Data(data)), s_minute)}]",
                s_minute);

        string Data(string data) => _cache.GetOrCreate("data", entry =>
        {
            entry.Size = 1;
            if (!source.IsCancellationRequested)
            {
                entry.AddExpirationToken(new CancellationChangeToken(source.Token));
            }

            return data;
        })!;
    }

    [Fact]
    public async Task Requests_at_the_same_time_render_a_part_once()
    {
        // The part is not ready before all have looked for it: MVC takes its placeholder away when it is, and who comes
        // just then renders anew, on any cache.
        const int Requests = 16;
        var allWait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int waiting = 0;
        Task<string> Request()
        {
            Task<string> rendered = RenderAsync("part", Awaited, s_minute);
            if (Interlocked.Increment(ref waiting) == Requests)
            {
                allWait.SetResult();
            }

            return rendered;
        }

        async Task<string> Awaited()
        {
            await allWait.Task;
            return await Part();
        }

        // MVC looks first and then puts its placeholder: two that look at the same moment both render. One comes first.
        Task<string> first = Request();
        string[] all = await Task.WhenAll(
            [first, .. Enumerable.Range(1, Requests - 1).Select(_ => Task.Run(Request))]);

        Assert.All(all, static text => Assert.Equal("part 1", text));
    }

    [Fact]
    public async Task A_part_that_fails_is_rendered_again()
    {
        await Assert.ThrowsAsync<InvalidTimeZoneException>(
            () => RenderAsync("part", static () => throw new InvalidTimeZoneException(), s_minute));

        Assert.Equal("part 1", await RenderAsync("part", Part, s_minute));
    }

    private async Task<string> Part()
    {
        await Task.Yield();
        return $"part {Interlocked.Increment(ref _rendered)}";
    }

    private async Task<string> RenderAsync(
        string name, Func<Task<string>> content, TimeSpan expiresAfter, string? varyBy = null)
    {
        var tag = new CacheTagHelper(MakeFactory(_cache), HtmlEncoder.Default)
        {
            ViewContext = new ViewContext { HttpContext = new DefaultHttpContext(), RouteData = new RouteData() },
            ExpiresAfter = expiresAfter,
            VaryBy = varyBy,
        };
        var context = new TagHelperContext([], new Dictionary<object, object>(), name);
        var output = new TagHelperOutput(
            "cache", [], async (_, _) => new DefaultTagHelperContent().SetContent(await content()));
        await tag.ProcessAsync(context, output);
        return output.Content.GetContent(HtmlEncoder.Create(System.Text.Unicode.UnicodeRanges.All));
    }

    /// <summary>The factory over a cache of one's own choice: MVC keeps that constructor for its own tests.</summary>
    private static CacheTagHelperMemoryCacheFactory MakeFactory(IMemoryCache cache) =>
        (CacheTagHelperMemoryCacheFactory)typeof(CacheTagHelperMemoryCacheFactory)
            .GetConstructor(BindingFlags.NonPublic | BindingFlags.Instance, [typeof(IMemoryCache)])!
            .Invoke([cache]);

    public sealed class OnMemoryCache() : CacheTagHelperTests(static time => new MemoryCache(new MemoryCacheOptions
    {
        SizeLimit = 100_000,
        Clock = new Clock(time),
        TrackLinkedCacheEntries = true,
    }));

    public sealed class OnDeclaredSizes() : CacheTagHelperTests(static time => Make(time, EntrySizing.Declared));

    public sealed class OnMeasuredSizes() : CacheTagHelperTests(static time => Make(time, EntrySizing.Measured));

    private static BoundedMemoryCache Make(TimeProvider time, EntrySizing sizing) => new(new BoundedMemoryCacheOptions
    {
        MaxMemory = 100_000,
        Sizing = sizing,
        ReleaseMode = ReleaseMode.None,
        TimeProvider = time,
        TrackLinkedCacheEntries = true,
    });

    private sealed class Clock(TimeProvider time) : ISystemClock
    {
        public DateTimeOffset UtcNow => time.GetUtcNow();
    }
}
