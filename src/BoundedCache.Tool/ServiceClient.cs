using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace BoundedCache.Tool;

/// <summary>How to reach services: the same for all of them.</summary>
internal sealed record Connection(
    IReadOnlyList<Uri> Urls, string? Key, string KeyHeader, string? CaFile, TimeSpan Timeout);

/// <summary>The admin API of one service.</summary>
internal sealed class ServiceClient : IDisposable
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(300);

    private readonly HttpClient _http;
    private readonly Connection _connection;

    public ServiceClient(Uri url, Connection connection)
    {
        (Url, _connection) = (url, connection);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = connection.Timeout };
        if (connection.CaFile is { } file)
        {
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = Trusting(file),
            };
        }

        _http = new HttpClient(handler) { BaseAddress = url, Timeout = connection.Timeout };
        if (connection.Key is { } key
            && !_http.DefaultRequestHeaders.TryAddWithoutValidation(connection.KeyHeader, key))
        {
            throw new ToolException(
                ExitCode.Usage, $"--key-header: expected the name of a header, got '{connection.KeyHeader}'.");
        }
    }

    public Uri Url { get; }

    public static string CachePath(string name, string rest = "", string query = "") =>
        $"api/caches/-{rest}?name={Uri.EscapeDataString(name)}{(query.Length > 0 ? "&" : "")}{query}";

    /// <param name="path">The path, relative to the address of the page.</param>
    /// <param name="member">A member that every such answer has.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Answer> GetAsync(string path, string member, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Get, path, null, cancellationToken)).With(member);

    /// <summary>Sends a change. One that takes long is followed until it has ended.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path, relative to the address of the page.</param>
    /// <param name="body">What is asked for.</param>
    /// <param name="member">A member that every such answer has.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Answer> ChangeAsync(
        HttpMethod method, string path, JsonObject body, string member, CancellationToken cancellationToken)
    {
        Answer answer = await SendAsync(method, path, body, cancellationToken);
        while (answer["state"].TextOrNull is { } state)
        {
            switch (state)
            {
                case "completed":
                    return answer["report"].With(member);
                case "failed":
                    throw new ToolException(
                        ExitCode.Refused, $"{Url}: it failed: {answer["error"].TextOrNull ?? "it did not say why."}")
                    {
                        MayBeDone = true,
                    };
                default:
                    await Task.Delay(s_poll, cancellationToken);
                    answer = await FollowAsync($"api/operations/{answer["id"].Text}", cancellationToken);
                    break;
            }
        }

        return answer.With(member);
    }

    public void Dispose() => _http.Dispose();

    private async Task<Answer> FollowAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(HttpMethod.Get, path, null, cancellationToken) with { MayBeDone = true };
        }
        catch (ToolException exception)
        {
            throw new ToolException(exception.Code, exception.Message) { MayBeDone = true };
        }
    }

    private async Task<Answer> SendAsync(
        HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
            request.Headers.Add("Prefer", "respond-async");
        }

        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            // JSON is UTF-8. Reading it as the header says fails where a proxy names a charset that .NET does not know.
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            string text = await reader.ReadToEndAsync(cancellationToken);
            return response.IsSuccessStatusCode
                ? Answer.Parse(Url, text, mayBeDone: body is not null)
                : throw Refusal(response, text);
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(
                ExitCode.NoAnswer,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Url}: no answer within {_connection.Timeout.TotalSeconds:0.#} s.")
                    + (body is null ? "" : " What was asked for may still be done: look before you ask again."))
            {
                MayBeDone = body is not null,
            };
        }
        catch (HttpRequestException exception)
        {
            string why = exception.InnerException is AuthenticationException authentication
                ? $"{authentication.Message} --ca names a certificate authority to trust."
                : exception.Message;
            throw new ToolException(ExitCode.NoAnswer, $"{Url}: no answer. {why}")
            {
                // Without a connection nothing was sent.
                MayBeDone = body is not null && exception.HttpRequestError is not (HttpRequestError.ConnectionError
                    or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError),
            };
        }
    }

    private ToolException Refusal(HttpResponseMessage response, string text)
    {
        (ExitCode code, string hint) = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => (
                ExitCode.NotAuthorized,
                " The key is read from --key-file, or from the environment variable BOUNDEDCACHE_KEY."),
            HttpStatusCode.Forbidden => (ExitCode.NotAuthorized, ""),
            HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout => (ExitCode.NoAnswer, ""),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => Redirected(response),
            _ => (ExitCode.Refused, ""),
        };
        return new ToolException(
            code, $"{Url}: {Answer.DetailOf(text) ?? $"status {(int)response.StatusCode}."}{hint}")
        {
            // A proxy's answer, or a failure in the middle, says nothing about what the service did.
            MayBeDone = response.RequestMessage?.Content is not null && (int)response.StatusCode >= 500,
        };
    }

    /// <summary>
    /// A redirection is not followed: the key would go to who knows where. To the same path elsewhere, the service has
    /// moved; to another path, as a rule that of a page to log in, access is refused.
    /// </summary>
    private (ExitCode Code, string Hint) Redirected(HttpResponseMessage response)
    {
        Uri asked = response.RequestMessage?.RequestUri ?? Url;
        if (response.Headers.Location is not { } location || !Uri.TryCreate(asked, location, out Uri? to))
        {
            return (ExitCode.Refused, "");
        }

        string where = to.GetLeftPart(UriPartial.Path);
        return to.AbsolutePath == asked.AbsolutePath
            ? (ExitCode.Refused, $" It has moved to {to.GetLeftPart(UriPartial.Authority)}; expected that as --url.")
            : (ExitCode.NotAuthorized, $" It sends to {where}, as services do that ask to log in. The tool brings a "
                + "key: --key-file, or the environment variable BOUNDEDCACHE_KEY.");
    }

    /// <summary>Trusts the machine's authorities, and those of a file.</summary>
    private static RemoteCertificateValidationCallback Trusting(string file)
    {
        var own = new X509Certificate2Collection();
        try
        {
            own.ImportFromPemFile(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException
            or System.Security.Cryptography.CryptographicException)
        {
            throw new ToolException(ExitCode.Usage, $"--ca: expected a PEM file of certificates: {exception.Message}");
        }

        return (_, certificate, chain, errors) =>
        {
            if (errors == SslPolicyErrors.None)
            {
                return true;
            }

            if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is null)
            {
                return false;
            }

            using var judged = new X509Chain();
            judged.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            judged.ChainPolicy.CustomTrustStore.AddRange(own);
            judged.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            foreach (X509ChainElement element in chain?.ChainElements ?? new X509Chain().ChainElements)
            {
                judged.ChainPolicy.ExtraStore.Add(element.Certificate);
            }

            using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            return judged.Build(leaf);
        };
    }
}
