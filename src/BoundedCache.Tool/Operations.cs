using System.Globalization;
using System.Text.Json.Nodes;

namespace BoundedCache.Tool;

/// <summary>What the commands do.</summary>
internal sealed class Operations
{
    private const string NoMode = "--release makes no difference: a byte cache gives memory back at once.";

    private readonly TextWriter _output;
    private readonly TextWriter _errors;
    private readonly TimeProvider _time;
    private readonly Sizings _sizings = new();
    private readonly Views _views;
    private readonly HistoryViews _history;

    public Operations(TextWriter output, TextWriter errors, TimeProvider time)
    {
        (_output, _errors, _time) = (output, errors, time);
        _views = new Views(output, _sizings);
        _history = new HistoryViews(output, _sizings);
    }

    public Task<ExitCode> CachesAsync(Call call) => EachAsync(
        call, static (client, token) => client.GetAsync("api/caches", "caches", token), _views.Caches);

    public Task<ExitCode> WatchAsync(Call call, double interval, int times) =>
        new Watch(_output, _errors, _time, _views).RunAsync(call, interval, times);

    /// <param name="call">The call.</param>
    /// <param name="name">The cache.</param>
    /// <param name="limit">The limit, as the service reads it.</param>
    /// <param name="mode">How memory is released; null as the cache does it.</param>
    /// <param name="isAgreed">Do not ask.</param>
    /// <param name="stagger">
    /// The pause between two services, the first failure ending it; null to ask them all, whatever one answers.
    /// </param>
    public async Task<ExitCode> LimitAsync(
        Call call, string name, string limit, string? mode, bool isAgreed, TimeSpan? stagger)
    {
        bool isBare = limit.All(char.IsAsciiDigit) && ByteSize.TryParse(limit, out long bytes) && bytes < 1 << 20;
        return await ChangeAsync(
            call,
            isAgreed,
            async (client, token) =>
            {
                Answer preview = await client.GetAsync(
                    ServiceClient.CachePath(name, "/limit/preview", $"maxMemory={Uri.EscapeDataString(limit)}"),
                    "newMaxBytes",
                    token);
                await FindSizingAsync(client, name, preview, token);
                string meansBytes = isBare && !isAgreed && !_sizings.IsDeclared(client.Url, name, preview)
                    ? $" {limit} bytes? A number without a unit is bytes. For {limit} MiB write {limit}MB."
                    : "";
                return _views.Preview(client.Url, preview) + meansBytes
                    + (mode is not null && IsByteCache(preview) ? $" {NoMode}" : "");
            },
            (client, token) =>
            {
                var body = new JsonObject { ["maxMemory"] = limit };
                if (mode is not null)
                {
                    body["releaseMode"] = mode;
                }

                return client.ChangeAsync(
                    HttpMethod.Put, ServiceClient.CachePath(name, "/limit"), body, "summary", token);
            },
            _views.Report,
            stagger is { } pause ? new Rollout(_output, _errors, pause) : null);
    }

    public Task<ExitCode> ReleaseAsync(Call call, string name, string? mode, bool isAgreed) => ChangeAsync(
        call,
        isAgreed,
        async (client, token) =>
        {
            Answer cache = await client.GetAsync(ServiceClient.CachePath(name), "count", token);
            string stops = cache["isByteCache"].IsMissing ? "may stop" : "stops";
            return IsByteCache(cache)
                ? $"Free memory of “{name}” is given back at once, without a garbage collection. Entries stay."
                    + (mode is null ? "" : $" {NoMode}")
                : $"Memory of “{name}” is released. Entries stay; the process {stops} for a moment.";
        },
        (client, token) => client.ChangeAsync(
            HttpMethod.Post,
            ServiceClient.CachePath(name, "/release"),
            mode is null ? [] : new JsonObject { ["releaseMode"] = mode },
            "summary",
            token),
        _views.Report);

    public Task<ExitCode> CompactAsync(Call call, string name, double percent, bool isAgreed)
    {
        if (percent is not (> 0 and <= 100))
        {
            throw new ToolException(
                ExitCode.Usage,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"--percent: expected a number above 0 and up to 100, got {percent}."));
        }

        return ChangeAsync(
            call,
            isAgreed,
            async (client, token) =>
            {
                string count = await CountAsync(client, name, token);
                return string.Create(
                    CultureInfo.InvariantCulture, $"{percent} % of the {count} entries of “{name}” are removed.");
            },
            (client, token) => client.ChangeAsync(
                HttpMethod.Post,
                ServiceClient.CachePath(name, "/compact"),
                new JsonObject { ["share"] = percent / 100 },
                "entriesRemoved",
                token),
            _views.Removal);
    }

    public Task<ExitCode> ClearAsync(Call call, string name, bool isAgreed) => ChangeAsync(
        call,
        isAgreed,
        async (client, token) => $"All {await CountAsync(client, name, token)} entries of “{name}” are removed.",
        (client, token) => client.ChangeAsync(
            HttpMethod.Post, ServiceClient.CachePath(name, "/clear"), [], "entriesRemoved", token),
        _views.Removal);

    public Task<ExitCode> MemoryAsync(Call call, bool collects) => EachAsync(
        call,
        (client, token) => collects
            ? client.ChangeAsync(HttpMethod.Post, "api/memory", [], "rows", token)
            : client.GetAsync("api/memory", "rows", token),
        _views.Memory);

    public Task<ExitCode> TypesAsync(Call call, string name) => EachAsync(
        call,
        async (client, token) =>
        {
            Answer contents = await client.GetAsync(ServiceClient.CachePath(name, "/contents"), "entries", token);
            await FindSizingAsync(client, name, contents, token);
            return contents;
        },
        _views.Contents);

    public Task<ExitCode> HistoryAsync(Call call, string? name, bool isCsv, string? since) => EachAsync(
        isCsv ? call with { IsJson = false } : call,
        async (client, token) =>
        {
            Answer history = await client.GetAsync(
                since is null ? "api/history" : $"api/history?since={Uri.EscapeDataString(since)}", "samples", token);
            if (!isCsv && !call.IsJson && history["changes"].Items.Any(static each => each["sizing"].IsMissing))
            {
                foreach (Answer cache in (await client.GetAsync("api/caches", "caches", token))["caches"].Items)
                {
                    _sizings.Note(client.Url, cache);
                }
            }

            return history;
        },
        (url, history) =>
        {
            if (isCsv)
            {
                _history.Csv(url, history, name);
            }
            else
            {
                _history.Changes(url, history, name);
            }
        });

    /// <summary>Whether an answer says that its cache is one. Older services do not say.</summary>
    private static bool IsByteCache(Answer answer) => !answer["isByteCache"].IsMissing && answer["isByteCache"].IsTrue;

    private async Task<string> CountAsync(ServiceClient client, string name, CancellationToken token)
    {
        Answer cache = await client.GetAsync(ServiceClient.CachePath(name), "count", token);
        _sizings.Note(client.Url, cache);
        return cache["count"].Number.ToString("N0", CultureInfo.InvariantCulture);
    }

    /// <summary>Asks the cache how it counts, where an answer about it does not say.</summary>
    private async Task FindSizingAsync(ServiceClient client, string name, Answer answer, CancellationToken token)
    {
        if (answer["sizing"].IsMissing)
        {
            _sizings.Note(client.Url, await client.GetAsync(ServiceClient.CachePath(name), "sizing", token));
        }
    }

    /// <summary>
    /// Asks each service, and shows each answer. What one refuses does not keep the others from answering.
    /// </summary>
    private async Task<ExitCode> EachAsync(
        Call call, Func<ServiceClient, CancellationToken, Task<Answer>> ask, Action<Uri, Answer> show)
    {
        ExitCode worst = ExitCode.Done;
        foreach (Uri url in call.Connection.Urls)
        {
            using var client = new ServiceClient(url, call.Connection);
            try
            {
                Answer answer = await ask(client, call.Cancellation);
                if (call.IsJson)
                {
                    _views.Json(new JsonObject { ["url"] = url.ToString(), ["answer"] = answer.ToJson() });
                }
                else
                {
                    show(url, answer);
                }
            }
            catch (ToolException exception) when (call.Connection.Urls.Count > 1)
            {
                await _errors.WriteLineAsync(exception.Message);
                worst = worst == ExitCode.Done ? exception.Code : worst;
            }
        }

        return worst;
    }

    /// <summary>Says what would happen in every service, asks once, and does it.</summary>
    private async Task<ExitCode> ChangeAsync(
        Call call,
        bool isAgreed,
        Func<ServiceClient, CancellationToken, Task<string>> preview,
        Func<ServiceClient, CancellationToken, Task<Answer>> change,
        Action<Uri, Answer> show,
        Rollout? rollout = null)
    {
        try
        {
            foreach (Uri url in call.Connection.Urls)
            {
                using var client = new ServiceClient(url, call.Connection);
                await _errors.WriteLineAsync($"{url}: {await preview(client, call.Cancellation)}");
            }
        }
        catch (ToolException exception) when (call.Connection.Urls.Count > 1)
        {
            throw new ToolException(exception.Code, $"{exception.Message}\nNothing was changed.");
        }

        if (!isAgreed && !await ConfirmAsync(call.Cancellation))
        {
            return ExitCode.NotConfirmed;
        }

        return rollout is null
            ? await EachAsync(call, change, show)
            : await rollout.RunAsync(call, change, _views);
    }

    private async Task<bool> ConfirmAsync(CancellationToken cancellation)
    {
        if (Console.IsInputRedirected)
        {
            await _errors.WriteLineAsync(
                "Nothing was changed. Input is not a terminal, so the tool cannot ask: expected --yes.");
            return false;
        }

        await _errors.WriteAsync("Do it? [y/N] ");
        string? answer;
        try
        {
            // The console reads without a token, so its read is left behind.
            answer = await Task.Run(Console.In.ReadLine, cancellation).WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            await _errors.WriteLineAsync("\nNothing was changed.");
            throw;
        }

        bool isAgreed = answer?.Trim().ToUpperInvariant() is "Y" or "YES";
        await _errors.WriteLineAsync(isAgreed ? "" : "Nothing was changed.");
        return isAgreed;
    }
}
