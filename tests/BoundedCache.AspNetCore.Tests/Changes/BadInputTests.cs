using System.Net;
using BoundedCache.AspNetCore.Tests.Support;

namespace BoundedCache.AspNetCore.Tests.Changes;

/// <summary>
/// What operators and programs get wrong: the right status, what would be right, and nothing changed.
/// </summary>
public sealed class BadInputTests(BadInputTests.SharedHost shared) : IClassFixture<BadInputTests.SharedHost>
{
    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("-9223372036854775808")]
    [InlineData("1e9")]
    [InlineData("1E3")]
    [InlineData("1.0")]
    [InlineData("1.5")]
    [InlineData("\"1.0\"")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999999999999999")]
    [InlineData("\"0\"")]
    [InlineData("\"-5MB\"")]
    [InlineData("\"+5MB\"")]
    [InlineData("\"NaN\"")]
    [InlineData("\"Infinity\"")]
    [InlineData("\"1e9\"")]
    [InlineData("\"100 potatoes\"")]
    [InlineData("\"1,5GB\"")]
    [InlineData("\"0.1 B\"")]
    [InlineData("\"9PiB9\"")]
    [InlineData("\"8192PiB\"")]
    [InlineData("\"0x10\"")]
    [InlineData("\"25%\"")]
    [InlineData("\"\"")]
    [InlineData("\"  \"")]
    [InlineData("\"१२\"")]
    [InlineData("\"1MB\\u0000\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"bytes\": 1}")]
    public async Task A_limit_that_is_none(string limit)
    {
        AdminHost host = shared.Host;

        Answer answer = await host.PutAsync("api/caches/default/limit", $$"""{"maxMemory": {{limit}}}""");

        answer.AssertProblem(
            HttpStatusCode.BadRequest,
            "maxMemory",
            "expected a whole number of bytes (536870912), or text with a unit (\"512MB\"");
        Assert.Equal("Not a limit", answer.Json["title"]!.GetValue<string>());
        AssertUnchanged(host);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?maxMemory=")]
    [InlineData("?maxMemory=0")]
    [InlineData("?maxMemory=-1")]
    [InlineData("?maxMemory=1e9")]
    [InlineData("?maxMemory=NaN")]
    [InlineData("?maxMemory=100%20potatoes")]
    [InlineData("?maxMemory=5&maxMemory=6")]
    public async Task A_preview_of_a_limit_that_is_none(string query)
    {
        AdminHost host = shared.Host;

        (await host.GetAsync($"api/caches/default/limit/preview{query}"))
            .AssertProblem(HttpStatusCode.BadRequest, "maxMemory: expected a whole number");
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData(" ", "not well formed")]
    [InlineData("{", "not well formed")]
    [InlineData("[]", "not well formed, or is no object")]
    [InlineData("null", "got null.")]
    [InlineData("\"512MB\"", "no object")]
    [InlineData("512", "no object")]
    [InlineData("{\"maxMemory\": NaN}", "'maxMemory'")]
    [InlineData("{\"maxMemory\": 1} x", "not well formed")]
    [InlineData("{\"maxMemory\": 1,}", "not well formed")]
    [InlineData("{maxMemory: 1}", "not well formed")]
    [InlineData("{\"maxMemory\": 1, \"maxMemory\": 2}", "'maxMemory'")]
    [InlineData("{\"MaxMemory\": 1}", "'MaxMemory', which is unknown")]
    [InlineData("{\"maxMemory\": 1, \"force\": true}", "'force', which is unknown")]
    [InlineData("{\"maxMemory\": 1, \"releaseMode\": 2}", "'releaseMode'")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "not well formed")]
    public async Task A_body_that_is_not_what_is_expected(string body, string says)
    {
        AdminHost host = shared.Host;

        (await host.PutAsync("api/caches/default/limit", body)).AssertProblem(HttpStatusCode.BadRequest, says);
        AssertUnchanged(host);
    }

    [Fact]
    public async Task An_object_without_a_limit()
    {
        AdminHost host = shared.Host;

        (await host.PutAsync("api/caches/default/limit", "{}"))
            .AssertProblem(HttpStatusCode.BadRequest, "maxMemory: expected", "got none.");
        AssertUnchanged(host);
    }

    [Theory]
    [InlineData("limit", "{\"maxMemory\": 1, \"releaseMode\": \"Fast\"}", "'Fast'", "\"none\"")]
    [InlineData("limit", "{\"maxMemory\": 1, \"releaseMode\": \"\"}", "''", "\"none\"")]
    [InlineData("release", "{\"releaseMode\": \"none\"}", "'none'", "\"full\" or \"gentle\"")]
    [InlineData("release", "{\"releaseMode\": \"0\"}", "'0'", "\"full\" or \"gentle\"")]
    public async Task A_release_mode_that_is_none(string path, string body, params string[] says)
    {
        AdminHost host = shared.Host;

        Answer answer = await host.SendAsync(
            path == "limit" ? HttpMethod.Put : HttpMethod.Post, $"api/caches/default/{path}", body);
        answer.AssertProblem(HttpStatusCode.BadRequest, [.. says, "releaseMode"]);
        AssertUnchanged(host);
    }

    [Theory]
    [InlineData("{}", "got none.")]
    [InlineData("{\"share\": null}", "got none.")]
    [InlineData("{\"share\": 0}", "got 0.")]
    [InlineData("{\"share\": -0.5}", "got -0.5.")]
    [InlineData("{\"share\": 1.01}", "got 1.01.")]
    [InlineData("{\"share\": 1e400}", "share")]
    [InlineData("{\"share\": \"0.5\"}", "'share'")]
    [InlineData("{\"share\": \"NaN\"}", "'share'")]
    [InlineData("{\"share\": NaN}", "'share'")]
    public async Task A_share_that_is_none(string body, string says)
    {
        AdminHost host = shared.Host;

        (await host.PostAsync("api/caches/default/compact", body))
            .AssertProblem(HttpStatusCode.BadRequest, says, "xpected");
        AssertUnchanged(host);
    }

    [Theory]
    [InlineData(4097)]
    [InlineData(5_000_000)]
    public async Task A_body_that_is_far_too_long(int length)
    {
        AdminHost host = shared.Host;

        (await host.PutAsync("api/caches/default/limit", $$"""{"maxMemory": 1{{new string(' ', length - 17)}} }"""))
            .AssertProblem(HttpStatusCode.RequestEntityTooLarge, "Expected a body of at most 4096 bytes", "got more");
        AssertUnchanged(host);
    }

    [Fact]
    public async Task A_body_of_unknown_length_that_is_far_too_long()
    {
        AdminHost host = shared.Host;
        using var content = new StreamContent(new EndlessSpaces());
        content.Headers.ContentType = new("application/json");

        using HttpResponseMessage response = await host.Client.PutAsync(
            new Uri("/admin/cache/api/caches/default/limit", UriKind.Relative), content);

        (await Answer.OfAsync(response)).AssertProblem(HttpStatusCode.RequestEntityTooLarge, "4096 bytes");
        AssertUnchanged(host);
    }

    [Theory]
    [InlineData("nope", "'nope'")]
    [InlineData("Default", "'Default'")]
    [InlineData("%20", "' '")]
    [InlineData("%2e%2e%2f", "")]
    [InlineData("a%0d%0aSet-Cookie:x", "'a??Set-Cookie:x'")]
    public async Task A_cache_that_there_is_not(string name, string says)
    {
        AdminHost host = shared.Host;

        (await host.GetAsync($"api/caches/{name}")).AssertProblem(HttpStatusCode.NotFound, says);
        (await host.PutAsync($"api/caches/{name}/limit", """{"maxMemory": 1}"""))
            .AssertProblem(HttpStatusCode.NotFound, says);
        (await host.PostAsync($"api/caches/{name}/release", "{}")).AssertProblem(HttpStatusCode.NotFound);
        (await host.PostAsync($"api/caches/{name}/compact", """{"share": 1}""")).AssertProblem(HttpStatusCode.NotFound);
        (await host.PostAsync($"api/caches/{name}/clear", "{}")).AssertProblem(HttpStatusCode.NotFound);
        AssertUnchanged(host);
    }

    [Theory]
    [InlineData("GET", "api/caches/default/limit", "PUT")]
    [InlineData("POST", "api/caches/default/limit", "PUT")]
    [InlineData("DELETE", "api/caches/default", "GET")]
    [InlineData("PUT", "api/caches", "GET")]
    [InlineData("GET", "api/caches/default/clear", "POST")]
    [InlineData("PUT", "api/caches/default/release", "POST")]
    [InlineData("DELETE", "api/memory", "GET, POST")]
    [InlineData("POST", "api/history", "GET")]
    [InlineData("POST", "api/stream", "GET")]
    [InlineData("POST", "", "GET, HEAD")]
    [InlineData("PROPFIND", "api/caches", "GET")]
    public async Task A_method_that_is_not_for_the_address(string method, string path, string allowed)
    {
        AdminHost host = shared.Host;

        Answer answer = await host.SendAsync(new HttpMethod(method), path, """{"maxMemory": 1}""");

        answer.AssertProblem(
            HttpStatusCode.MethodNotAllowed,
            method,
            $"Expected {allowed.Replace(", ", " or ", StringComparison.Ordinal)}");
        Assert.Equal(allowed.Split(", "), answer.ContentHeaders.Allow);
        AssertUnchanged(host);
    }

    [Theory]
    [InlineData("api/")]
    [InlineData("api/cache")]
    [InlineData("api/caches/default/keys")]
    [InlineData("api/operations")]
    public async Task An_address_that_there_is_not(string path)
    {
        AdminHost host = shared.Host;

        (await host.GetAsync(path)).AssertProblem(HttpStatusCode.NotFound, "nothing at this address");
    }

    [Theory]
    [InlineData("\"999 KiB\"", "the lowest limit", "got 1022976.", "at least 1023000 bytes")]
    [InlineData("2000001", "the highest limit", "got 2000001.", "at most 2000000 bytes")]
    [InlineData("\"8191PiB\"", "the highest limit", "at most 2000000 bytes")]
    public async Task A_limit_outside_the_bounds_that_the_options_set(string limit, params string[] says)
    {
        await using AdminHost host = await FilledAsync(
            static all => (all.AllowLoopback, all.MinimumLimit, all.MaximumLimit) = (true, 1_023_000, 2_000_000));

        (await host.PutAsync("api/caches/default/limit", $$"""{"maxMemory": {{limit}}}"""))
            .AssertProblem(HttpStatusCode.BadRequest, says);
        AssertUnchanged(host);
        (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 2000000}""")).AssertOk();
        (await host.PutAsync("api/caches/default/limit", """{"maxMemory": "1023000"}""")).AssertOk();
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("\"1\"", 1)]
    [InlineData("\"512k\"", 524288)]
    [InlineData("\" 1.5 GiB \"", 1610612736)]
    [InlineData("\"2 tb\"", 2199023255552)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public async Task What_is_right_is_taken(string limit, long bytes)
    {
        await using AdminHost host = await FilledAsync();

        (await host.PutAsync("api/caches/default/limit", $$"""{"maxMemory": {{limit}}}""")).AssertOk();
        Assert.Equal(bytes, host.Default.MaxMemory);
    }

    private static async Task<AdminHost> FilledAsync(Action<BoundedCacheAdminOptions>? options = null)
    {
        AdminHost host = await AdminHost.StartAsync(options);
        for (int i = 0; i < 10; i++)
        {
            host.Default.Set(i, new byte[100]);
            host.Pages.Set(i, new byte[100]);
        }

        return host;
    }

    private static void AssertUnchanged(AdminHost host)
    {
        Assert.Equal((1L << 20, 10), (host.Default.MaxMemory, host.Default.Count));
        Assert.Equal((1L << 20, 10), (host.Pages.MaxMemory, host.Pages.Count));
        Assert.Null(host.Default.GetSnapshot().LastReport);
        Assert.DoesNotContain(host.Log.Admin, static line => line.Id != 68);
    }

    /// <summary>One application for all of them: whatever is refused changes nothing.</summary>
    public sealed class SharedHost : IAsyncLifetime
    {
        internal AdminHost Host { get; private set; } = null!;

        public async Task InitializeAsync() => Host = await FilledAsync();

        public async Task DisposeAsync() => await Host.DisposeAsync();
    }

    /// <summary>A body that would never end.</summary>
    private sealed class EndlessSpaces : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)' ');
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
