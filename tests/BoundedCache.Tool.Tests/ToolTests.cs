using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using BoundedCache.TestSupport;

namespace BoundedCache.Tool.Tests;

/// <summary>The tool as a process, against the example as a process.</summary>
public sealed class ToolTests
{
    [Fact]
    public async Task Caches_are_a_table_and_JSON()
    {
        using var service = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "200");
        string url = await service.WaitForAsync("Admin page: ");

        ProgramEnd table = await ToolRun.OfAsync("caches", "--url", url);
        ProgramEnd json = await ToolRun.OfAsync("caches", "--url", url, "--json");

        Assert.Equal((0, ""), (table.ExitCode, table.Errors));
        Assert.Contains("AdminDashboard", table.Output, StringComparison.Ordinal);
        Assert.Matches(@"catalog +\d", table.Output);
        Assert.Matches(@"sessions +\d", table.Output);
        Assert.Equal(2, JsonNode.Parse(json.Output)!["answer"]!["caches"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_limit_is_previewed_confirmed_and_reported_and_not_set_without_yes()
    {
        using var service = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "0");
        string url = await service.WaitForAsync("Admin page: ");

        ProgramEnd refused = await ToolRun.OfAsync("limit", "catalog", "100MB", "--url", url);
        Assert.Equal(5, refused.ExitCode);
        Assert.Contains("goes from 256 MiB to 100 MiB. Evicts nothing.", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("expected --yes", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(256 << 20, await LimitAsync(url));

        ProgramEnd set = await ToolRun.OfAsync(
            "limit", "catalog", "100MB", "--release", "gentle", "--yes", "--url", url);
        Assert.Equal(0, set.ExitCode);
        Assert.Contains("catalog: limit 256 MiB -> 100 MiB", set.Output, StringComparison.Ordinal);
        Assert.Equal(100 << 20, await LimitAsync(url));

        ProgramEnd bytes = await ToolRun.OfAsync("limit", "catalog", "512", "--url", url);
        Assert.Contains("512 bytes?", bytes.Errors, StringComparison.Ordinal);
        Assert.Equal(5, bytes.ExitCode);
    }

    [Fact]
    public async Task Every_other_command_answers_with_0()
    {
        using var service = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "200");
        string url = await service.WaitForAsync("Admin page: ");

        Assert.Contains(
            "removed", await RunAsync("compact", "catalog", "--percent", "10", "--yes"), StringComparison.Ordinal);
        Assert.Contains("removed", await RunAsync("clear", "catalog", "--yes"), StringComparison.Ordinal);
        Assert.Contains("sessions:", await RunAsync("release", "sessions", "--yes"), StringComparison.Ordinal);
        Assert.Contains("RSS", await RunAsync("memory"), StringComparison.Ordinal);
        Assert.Contains("entries", await RunAsync("types", "sessions"), StringComparison.Ordinal);
        string changes = await RunAsync("history");
        Assert.Contains("clear: ", changes, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", changes, StringComparison.Ordinal);
        string[] csv = (await RunAsync("history", "catalog", "--csv")).Trim().Split('\n');
        Assert.StartsWith("url,time,resident_bytes", csv[0], StringComparison.Ordinal);
        Assert.All(csv.Skip(1), static line => Assert.Equal(13, line.Split(',').Length));
        Assert.All(csv.Skip(1), static line => Assert.Contains(",catalog,", line, StringComparison.Ordinal));

        async Task<string> RunAsync(params string[] arguments)
        {
            ProgramEnd run = await ToolRun.OfAsync([.. arguments, "--url", url]);
            Assert.True(run.ExitCode == 0, $"{run.ExitCode}: {run.Errors}{run.Output}");
            return run.Output;
        }
    }

    [Fact]
    public async Task Watch_follows_until_it_is_interrupted_or_has_looked_often_enough()
    {
        using var service = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "200");
        string url = await service.WaitForAsync("Admin page: ");

        ProgramEnd counted = await ToolRun.OfAsync("watch", "--count", "2", "--interval", "0.2", "--url", url);
        Assert.Equal(0, counted.ExitCode);
        Assert.Equal(2, counted.Output.Split("AdminDashboard").Length - 1);
        Assert.Contains("/s", counted.Output, StringComparison.Ordinal);

        ProgramEnd interrupted = await ToolRun.InterruptedAsync("AdminDashboard", "watch", "--url", url);
        Assert.Equal(0, interrupted.ExitCode);
    }

    [Fact]
    public async Task Behind_keys_the_key_comes_from_the_environment_or_a_file_and_what_is_missing_is_said()
    {
        var keys = new Dictionary<string, string>
        {
            ["Auth__ReaderKey"] = "a reader's key, this",
            ["Auth__ChangerKey"] = "a changer's key: this",
        };
        using var service = new ProgramProcess(
            "examples/AdminDashboard", keys, "--port", "0", "--lookups", "0", "--auth");
        string url = await service.WaitForAsync("Admin page: ");
        using var directory = new TemporaryDirectory();
        string file = Path.Combine(directory.Path, "key");
        await File.WriteAllTextAsync(file, keys["Auth__ChangerKey"] + "\n");
        var reader = new Dictionary<string, string> { ["BOUNDEDCACHE_KEY"] = keys["Auth__ReaderKey"] };

        ProgramEnd none = await ToolRun.OfAsync("caches", "--url", url);
        Assert.Equal(4, none.ExitCode);
        Assert.Contains("BOUNDEDCACHE_KEY", none.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await ToolRun.OfAsync(reader, "caches", "--url", url)).ExitCode);
        Assert.Equal(
            4, (await ToolRun.OfAsync(reader, "limit", "catalog", "100MB", "--yes", "--url", url)).ExitCode);
        ProgramEnd set = await ToolRun.OfAsync(
            "limit", "catalog", "100MB", "--yes", "--url", url, "--key-file", file);
        Assert.Equal(0, set.ExitCode);
        Assert.DoesNotContain(keys["Auth__ChangerKey"], set.Output + set.Errors, StringComparison.Ordinal);
        ProgramEnd missing = await ToolRun.OfAsync("caches", "--url", url, "--key-file", "/no/such/file");
        Assert.Equal(2, missing.ExitCode);
        Assert.Contains("--key-file", missing.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_services_are_asked_and_one_that_is_gone_does_not_hide_the_others()
    {
        using var service = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "0");
        string url = await service.WaitForAsync("Admin page: ");
        string gone = $"http://127.0.0.1:{FreePort()}/admin/cache";

        ProgramEnd both = await ToolRun.OfAsync("caches", "--url", gone, "--url", url, "--json");

        Assert.Equal(3, both.ExitCode);
        Assert.Contains(gone, both.Errors, StringComparison.Ordinal);
        Assert.Equal($"{url}", JsonNode.Parse(both.Output)!["url"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(2, "--help lists", "wash")]
    [InlineData(2, "--url: expected a URL", "caches", "--url", "ftp://x")]
    [InlineData(2, "--timeout: expected seconds", "caches", "--timeout", "0")]
    [InlineData(2, "--percent: expected a number", "compact", "x", "--percent", "200", "--yes")]
    [InlineData(2, "--percent: expected a number such as 2.5, got '2,5'", "compact", "x", "--percent", "2,5", "--yes")]
    [InlineData(2, "--percent: expected a number such as 2.5, got '-5'", "compact", "x", "--percent", "-5", "--yes")]
    [InlineData(2, "--percent: expected a number such as 2.5, got 'NaN'", "compact", "x", "--percent", "NaN")]
    [InlineData(2, "--timeout: expected seconds such as 2.5, got '1,5'", "caches", "--timeout", "1,5")]
    [InlineData(2, "--interval: expected seconds such as 0.5, got '0,5'", "watch", "--interval", "0,5")]
    [InlineData(2, "--interval: expected seconds such as 0.5, got 'soon'", "watch", "--interval", "soon")]
    [InlineData(2, "--count: expected a number of looks, or 0 for no end, got -1", "watch", "--count", "-1")]
    [InlineData(2, "fast", "limit", "x", "1MB", "--release", "fast")]
    [InlineData(2, "--ca: expected a PEM file", "caches", "--ca", "/no/such/file")]
    [InlineData(2, "--interval: expected seconds", "watch", "--interval", "0")]
    [InlineData(2, "--stagger: expected a time", "limit", "x", "1MB", "--all", "--stagger", "soon")]
    [InlineData(2, "--stagger: expected a time", "limit", "x", "1MB", "--all", "--stagger", "25h")]
    [InlineData(2, "--stagger: expected --all", "limit", "x", "1MB", "--stagger", "5s")]
    public async Task Wrong_arguments_end_it_with_what_would_be_right(int code, string says, params string[] arguments)
    {
        ProgramEnd run = await ToolRun.OfAsync(arguments);

        Assert.Contains(says, run.Errors, StringComparison.Ordinal);
        Assert.Equal(code, run.ExitCode);
    }

    [Fact]
    public async Task What_the_service_refuses_is_said_in_its_words()
    {
        using var service = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "0");
        string url = await service.WaitForAsync("Admin page: ");

        ProgramEnd unknown = await ToolRun.OfAsync("limit", "nothing", "1MB", "--yes", "--url", url);
        ProgramEnd potatoes = await ToolRun.OfAsync("limit", "catalog", "100 potatoes", "--yes", "--url", url);

        Assert.Equal((1, 1), (unknown.ExitCode, potatoes.ExitCode));
        Assert.Contains("There is no cache 'nothing'", unknown.Errors, StringComparison.Ordinal);
        Assert.Contains("got '100 potatoes'", potatoes.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_given_up_after_the_timeout()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        ProgramEnd run = await ToolRun.OfAsync(
            "caches", "--timeout", "0.5", "--url", $"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/a");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("no answer within 0.5 s", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_an_authority_of_ones_own_is_trusted_where_it_is_named_and_only_there()
    {
        using var directory = new TemporaryDirectory();
        using ECDsa key = ECDsa.Create();
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        string file = Path.Combine(directory.Path, "ca.pem");
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using X509Certificate2 served = X509CertificateLoader.LoadPkcs12(
            certificate.Export(X509ContentType.Pfx), null);
        using var end = new CancellationTokenSource();
        Task serving = ServeAsync(listener, served, end.Token);
        string url = $"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/admin/cache";

        ProgramEnd untrusted = await ToolRun.OfAsync("caches", "--url", url);
        ProgramEnd trusted = await ToolRun.OfAsync("caches", "--url", url, "--ca", file);

        Assert.Equal(3, untrusted.ExitCode);
        Assert.Contains("--ca", untrusted.Errors, StringComparison.Ordinal);
        // The connection is made; what answers is no admin API.
        Assert.Equal(1, trusted.ExitCode);
        Assert.Contains("status 418", trusted.Errors, StringComparison.Ordinal);
        await end.CancelAsync();
        await serving;
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(end);
                await using var stream = new SslStream(client.GetStream());
                await stream.AuthenticateAsServerAsync(certificate);
                byte[] buffer = new byte[4096];
                _ = await stream.ReadAsync(buffer, end);
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes("HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
                    end);
            }
            catch (Exception exception) when (exception is IOException or AuthenticationException
                or OperationCanceledException)
            {
                // The client did not trust it, or the test has ended.
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<long> LimitAsync(string url)
    {
        using var client = new HttpClient();
        JsonNode cache = JsonNode.Parse(await client.GetStringAsync(new Uri($"{url}api/caches/catalog")))!;
        return cache["maxBytes"]!.GetValue<long>();
    }
}
