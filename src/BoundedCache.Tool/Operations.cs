using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace BoundedCache.Tool;

/// <summary>What the commands do.</summary>
internal sealed class Operations(TextWriter output, TextWriter errors, TimeProvider time)
{
    private readonly Views _views = new(output);

    public Task<ExitCode> CachesAsync(Call call) => EachAsync(
        call, static (client, token) => client.GetAsync("api/caches", "caches", token), _views.Caches);

    public async Task<ExitCode> WatchAsync(Call call, double interval, int times)
    {
        if (interval is not (>= 0.1 and <= 3600))
        {
            throw new ToolException(ExitCode.Usage, $"--interval: expected seconds from 0.1 to 3600, got {interval}.");
        }

        var clients = call.Connection.Urls.Select(url => new ServiceClient(url, call.Connection)).ToList();
        var before = new Dictionary<Uri, (Answer Answer, long At)>();
        IAnsiConsole console = Views.ConsoleOn(output);
        ExitCode first = ExitCode.Done;
        try
        {
            for (int i = 0; times == 0 || i < times; i++)
            {
                if (i > 0)
                {
                    await Task.Delay(TimeSpan.FromSeconds(interval), call.Cancellation);
                }

                if (!Console.IsOutputRedirected && !call.IsJson)
                {
                    console.Clear();
                }

                foreach (ServiceClient client in clients)
                {
                    ExitCode code = await LookAsync(client, call, before);
                    first = first == ExitCode.Done ? code : first;
                }
            }

            return first;
        }
        catch (OperationCanceledException) when (call.Cancellation.IsCancellationRequested)
        {
            // Ctrl+C is how one ends it.
            return ExitCode.Done;
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }
    }

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
        if (limit.All(char.IsAsciiDigit) && ByteSize.TryParse(limit, out long bytes) && bytes < 1 << 20 && !isAgreed)
        {
            await errors.WriteLineAsync($"{limit} bytes? A number without a unit is bytes. For {limit} MiB write "
                + $"{limit}MB.");
        }

        return await ChangeAsync(
            call,
            isAgreed,
            async (client, token) => PreviewOf(await client.GetAsync(
                ServiceClient.CachePath(name, "/limit/preview", $"maxMemory={Uri.EscapeDataString(limit)}"),
                "newMaxBytes",
                token)),
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
            stagger is { } pause ? new Rollout(output, errors, pause) : null);
    }

    public Task<ExitCode> ReleaseAsync(Call call, string name, string? mode, bool isAgreed) => ChangeAsync(
        call,
        isAgreed,
        (_, _) => Task.FromResult($"Memory of “{name}” is released. Entries stay; the process stops for a moment."),
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
        (client, token) => client.GetAsync(ServiceClient.CachePath(name, "/contents"), "entries", token),
        _views.Contents);

    public Task<ExitCode> HistoryAsync(Call call, string? name, bool isCsv, string? since) => EachAsync(
        isCsv ? call with { IsJson = false } : call,
        (client, token) => client.GetAsync(
            since is null ? "api/history" : $"api/history?since={Uri.EscapeDataString(since)}", "samples", token),
        (url, history) =>
        {
            if (isCsv)
            {
                _views.Csv(url, history, name, isFirst: url == call.Connection.Urls[0]);
            }
            else
            {
                _views.Changes(url, history, name);
            }
        });

    private static string PreviewOf(Answer preview)
    {
        long entries = preview["entriesToEvict"].Number;
        string evicts = entries == 0
            ? "Evicts nothing."
            : $"Evicts about {entries.ToString("N0", CultureInfo.InvariantCulture)} entries, "
                + $"{ByteSize.Format(preview["bytesToEvict"].Number)}.";
        return $"The limit of “{preview["cacheName"].Text}” goes from "
            + $"{ByteSize.Format(preview["oldMaxBytes"].Number)} to {ByteSize.Format(preview["newMaxBytes"].Number)}. "
            + evicts
            + (preview["advice"].TextOrNull is { } advice ? $" {advice}" : "");
    }

    private static async Task<string> CountAsync(ServiceClient client, string name, CancellationToken token) =>
        (await client.GetAsync(ServiceClient.CachePath(name), "count", token))["count"].Number
            .ToString("N0", CultureInfo.InvariantCulture);

    private static string InstanceOf(Answer caches) => caches["service"]["instance"].Text;

    private async Task<ExitCode> LookAsync(
        ServiceClient client, Call call, Dictionary<Uri, (Answer Answer, long At)> before)
    {
        try
        {
            Answer now = await client.GetAsync("api/caches", "caches", call.Cancellation);
            long at = time.GetTimestamp();
            if (call.IsJson)
            {
                _views.Json(new JsonObject { ["url"] = client.Url.ToString(), ["answer"] = now.ToJson() });
                return ExitCode.Done;
            }

            // Rates are over the time between two answers, which other services and slow answers make longer.
            if (before.TryGetValue(client.Url, out (Answer Answer, long At) last)
                && InstanceOf(last.Answer) == InstanceOf(now))
            {
                _views.Caches(client.Url, now, last.Answer, time.GetElapsedTime(last.At, at).TotalSeconds);
            }
            else
            {
                _views.Caches(client.Url, now);
            }

            before[client.Url] = (now, at);
            return ExitCode.Done;
        }
        catch (ToolException exception)
        {
            // One service that does not answer does not end the look at the others; its old figures are not shown.
            before.Remove(client.Url);
            await errors.WriteLineAsync(exception.Message);
            return exception.Code;
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
                await errors.WriteLineAsync(exception.Message);
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
                await errors.WriteLineAsync($"{url}: {await preview(client, call.Cancellation)}");
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
            await errors.WriteLineAsync(
                "Nothing was changed. Input is not a terminal, so the tool cannot ask: expected --yes.");
            return false;
        }

        await errors.WriteAsync("Do it? [y/N] ");
        string? answer;
        try
        {
            // The console reads without a token, so its read is left behind.
            answer = await Task.Run(Console.In.ReadLine, cancellation).WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            await errors.WriteLineAsync("\nNothing was changed.");
            throw;
        }

        bool isAgreed = answer?.Trim().ToUpperInvariant() is "Y" or "YES";
        await errors.WriteLineAsync(isAgreed ? "" : "Nothing was changed.");
        return isAgreed;
    }
}
