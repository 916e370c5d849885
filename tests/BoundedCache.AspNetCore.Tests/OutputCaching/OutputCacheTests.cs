using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using BoundedCache.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.OutputCaching;

public sealed class OutputCacheTests
{
    private const long MiB = 1024 * 1024;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Responses_are_cached_varied_and_evicted_by_tag(bool isFirst)
    {
        await using WebApplication app = await StartAsync(isFirst);
        HttpClient client = app.GetTestClient();

        string first = await client.GetStringAsync("/page?id=1");
        Assert.Equal(first, await client.GetStringAsync("/page?id=1"));
        string second = await client.GetStringAsync("/page?id=2");
        Assert.NotEqual(first, second);
        string other = await client.GetStringAsync("/other");
        Assert.Equal(other, await client.GetStringAsync("/other"));

        var store = app.Services.GetRequiredService<IOutputCacheStore>();
        await store.EvictByTagAsync("pages", default);
        Assert.NotEqual(first, await client.GetStringAsync("/page?id=1"));
        Assert.Equal(other, await client.GetStringAsync("/other"));
        await store.EvictByTagAsync("nothing", default);
        Assert.Equal(other, await client.GetStringAsync("/other"));
        BoundedByteCache cache = CacheOf(app);
        Assert.Equal(2, cache.Count);
        Assert.Equal(
            ["output-cache"], app.Services.GetRequiredService<BoundedMemoryCacheRegistry>().Names);
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff })]
    [InlineData(new byte[] { 1 })]
    [InlineData(new byte[] { 9, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1 })]
    [InlineData(new byte[] { 14, 0, 0, 0, 10, 0, 0, 0, (byte)'p', 0, (byte)'a', 0, (byte)'g', 0, (byte)'e', 0,
        (byte)'s', 0, 1 })]
    [InlineData(new byte[] { 1, 2, 3, 4, 5 })]
    [InlineData(new byte[] { })]
    public async Task A_value_that_somebody_else_stored_has_no_tags_and_harms_nobody(byte[] value)
    {
        await using WebApplication app = await StartAsync(isFirst: true);
        BoundedByteCache cache = CacheOf(app);
        cache.Set("foreign", value);
        cache.Set("slides", value, new() { SlidingExpiration = TimeSpan.FromMinutes(1) });
        string page = await app.GetTestClient().GetStringAsync("/page?id=1");

        var store = app.Services.GetRequiredService<IOutputCacheStore>();
        await store.EvictByTagAsync("pages", default);

        Assert.NotEqual(page, await app.GetTestClient().GetStringAsync("/page?id=1"));
        Assert.Equal(value, cache.Get("foreign"));
        Assert.Null(await store.GetAsync("foreign", default));
        Assert.Null(await store.GetAsync("slides", default));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_writer_gives_memory_that_is_never_empty()
    {
        using var writer = new RentedWriter(clear: false);
        for (int i = 0; i < 100; i++)
        {
            int length = writer.GetSpan().Length;
            Assert.True(length > 0);
            writer.Advance(length > 1_000_000 ? 1 : length);
        }
    }

    [Fact]
    public void A_large_response_is_read_into_one_array()
    {
        using var cache = new BoundedByteCache(new BoundedByteCacheOptions { MaxMemory = 16 * MiB });
        Assert.True(cache.Set("key", new byte[2_000_000]));
        using var writer = new RentedWriter(clear: false);
        writer.Expect(2_000_000);
        Assert.True(MemoryMarshal.TryGetArray(writer.WrittenMemory, out ArraySegment<byte> before));

        Assert.True(cache.TryGet("key", writer));

        Assert.True(MemoryMarshal.TryGetArray(writer.WrittenMemory, out ArraySegment<byte> after));
        Assert.Equal(2_000_000, after.Count);
        Assert.Same(before.Array, after.Array);
    }

    [Fact]
    public void A_writer_grows_as_far_as_arrays_go_and_says_where_they_end()
    {
        Assert.Equal(200, RentedWriter.LengthFor(100, 90, 20));
        Assert.Equal(1_000, RentedWriter.LengthFor(100, 90, 910));
        Assert.Equal(Array.MaxLength, RentedWriter.LengthFor(1 << 30, 1 << 30, 1));
        Assert.Equal(Array.MaxLength, RentedWriter.LengthFor(1 << 30, Array.MaxLength - 10, 10));
        Assert.Throws<InsufficientMemoryException>(() => RentedWriter.LengthFor(1 << 30, Array.MaxLength - 10, 11));
        Assert.Throws<InsufficientMemoryException>(
            () => RentedWriter.LengthFor(int.MaxValue, int.MaxValue, int.MaxValue));
    }

    [Fact]
    public void Another_store_is_not_removed_in_silence()
    {
        IServiceCollection services = new ServiceCollection().AddOutputCache();
        services.AddBoundedOutputCache().AddBoundedOutputCache();
        Assert.Single(services, static service => service.ServiceType == typeof(IOutputCacheStore));
        services.AddSingleton<IOutputCacheStore>(static _ => throw new NotSupportedException());
        Assert.Throws<InvalidOperationException>(() => services.AddBoundedOutputCache());
    }

    [Fact]
    public async Task Responses_stay_right_while_the_limit_falls()
    {
        const int Pages = 200;
        await using WebApplication app = await StartAsync(isFirst: true);
        HttpClient client = app.GetTestClient();
        BoundedByteCache cache = CacheOf(app);
        using var enough = new CancellationTokenSource();
        int answers = 0;
        Task[] load =
        [
            .. Enumerable.Range(0, 2).Select(worker => Task.Run(async () =>
            {
                var random = new Random(worker);
                while (!enough.IsCancellationRequested)
                {
                    int id = random.Next(Pages);
                    string text = await client.GetStringAsync($"/large?id={id}");
                    Assert.Equal(20_000, text.Length);
                    Assert.Equal(-1, text.AsSpan().IndexOfAnyExcept((char)('\u0100' + id)));
                    Interlocked.Increment(ref answers);
                }
            })),
        ];
        for (int i = 0; i < 20; i++)
        {
            // Between two changes as many answers as fill the cache again.
            int wanted = Volatile.Read(ref answers) + Pages;
            Assert.True(SpinWait.SpinUntil(
                () => Volatile.Read(ref answers) >= wanted || load.Any(static worker => worker.IsCompleted),
                TimeSpan.FromMinutes(1)));
            cache.MaxMemory = (i % 2 == 0 ? 1 : 4) * MiB;
            Assert.True(cache.UsedMemory <= 4 * MiB);
        }

        cache.MaxMemory = MiB;
        await enough.CancelAsync();
        await Task.WhenAll(load);
        CacheSnapshot end = cache.GetSnapshot();
        Assert.True(cache.UsedMemory <= cache.MaxMemory);
        // Each time the limit fell, entries had to go, and both stored and evicted ones were asked for.
        Assert.True(end.Evictions.Shrink.Entries > 10 * 20, $"{end.Evictions}");
        Assert.True(end.Hits > 0 && end.Misses > Pages, $"{end.Hits} hits, {end.Misses} misses");
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public async Task Tags_of_any_number_count_and_leave_with_their_entries()
    {
        await using WebApplication app = await StartAsync(isFirst: true);
        BoundedByteCache cache = CacheOf(app);
        var store = (IOutputCacheBufferStore)app.Services.GetRequiredService<IOutputCacheStore>();
        for (int i = 0; i < 20_000; i++)
        {
            await store.SetAsync(
                $"k{i}", new byte[10], [$"tag{i}", new string('t', 500)], TimeSpan.FromMinutes(1), default);
        }

        Assert.True(cache.UsedMemory <= cache.MaxMemory);
        Assert.True(cache.Count < 8_000);
        await store.EvictByTagAsync("tag19999", default);
        Assert.Null(await store.GetAsync("k19999", default));
        Assert.NotNull(await store.GetAsync("k19998", default));
        string[] many = [.. Enumerable.Range(0, 2_000).Select(static i => $"a tag of some length {i}")];
        await store.SetAsync("large", new byte[200_000], many, TimeSpan.FromMinutes(1), default);
        Assert.Equal(200_000, (await store.GetAsync("large", default))!.Length);
        await store.EvictByTagAsync(new string('t', 500), default);
        Assert.True(cache.Count <= 1);

        await store.SetAsync("old", new byte[1], null, TimeSpan.Zero, default);
        Assert.Null(await store.GetAsync("old", default));
        var pipe = new Pipe();
        await store.SetAsync("piped", new ReadOnlySequence<byte>([1, 2, 3]), default, TimeSpan.FromMinutes(1), default);
        Assert.True(await store.TryGetAsync("piped", pipe.Writer, default));
        Assert.False(await store.TryGetAsync("none", pipe.Writer, default));
        Assert.Equal([1, 2, 3], (await pipe.Reader.ReadAsync()).Buffer.ToArray());
        cache.Engine.CheckInvariants();
    }

    private static BoundedByteCache CacheOf(WebApplication app) =>
        app.Services.GetRequiredKeyedService<BoundedByteCache>("output-cache");

    private static void Configure(BoundedByteCacheOptions options)
    {
        options.MaxMemory = 4 * MiB;
        options.TrackStatistics = true;
    }

    private static async Task<WebApplication> StartAsync(bool isFirst)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        if (isFirst)
        {
            builder.Services.AddBoundedOutputCache(Configure);
        }

        builder.Services.AddOutputCache();
        if (!isFirst)
        {
            builder.Services.AddBoundedOutputCache(Configure);
        }

        WebApplication app = builder.Build();
        app.UseOutputCache();
        app.MapGet("/page", static (HttpContext context) => context.Response.WriteAsync($"{Guid.NewGuid()}"))
            .CacheOutput(static policy => policy.Tag("pages").SetVaryByQuery("id"));
        app.MapGet("/other", static (HttpContext context) => context.Response.WriteAsync($"{Guid.NewGuid()}"))
            .CacheOutput(static policy => policy.Tag("others"));
        app.MapGet("/large", static (HttpContext context) => context.Response.WriteAsync(
                new string((char)('\u0100' + int.Parse(context.Request.Query["id"]!)), 20_000)))
            .CacheOutput();
        await app.StartAsync();
        return app;
    }
}
