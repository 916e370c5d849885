using System.Globalization;
using System.Text.Json.Nodes;

namespace BoundedCache.Tool;

/// <summary>
/// A change of one service after the other, with a pause between two of them. The first failure ends it, and so does
/// Ctrl+C, between two services: one that is being changed is waited for. It ends by saying which services were
/// changed and which were not.
/// </summary>
/// <param name="output">Where reports go; with JSON a line for each service.</param>
/// <param name="errors">Where failures go and what is being waited for.</param>
/// <param name="stagger">The pause between the end of one change and the start of the next.</param>
internal sealed class Rollout(TextWriter output, TextWriter errors, TimeSpan stagger)
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    private static readonly (string Unit, Func<double, TimeSpan> Of)[] s_units =
    [
        ("ms", TimeSpan.FromMilliseconds), ("s", TimeSpan.FromSeconds), ("m", TimeSpan.FromMinutes),
        ("h", TimeSpan.FromHours), ("", TimeSpan.FromSeconds),
    ];

    private enum State
    {
        /// <summary>It answered with a report.</summary>
        Changed,

        /// <summary>It refused, or was not reached.</summary>
        Refused,

        /// <summary>It was asked, and how that ended is not known.</summary>
        Unknown,

        /// <summary>It was not asked.</summary>
        NotAsked,
    }

    /// <summary>Reads a pause: <c>10s</c>, <c>2m</c>, <c>500ms</c>, or seconds without a unit.</summary>
    /// <exception cref="ToolException">It is not one, or longer than a day.</exception>
    public static TimeSpan ParseStagger(string text)
    {
        string unit = text.TrimStart([.. "0123456789."]);
        if (Array.Find(s_units, known => known.Unit == unit).Of is { } of
            && double.TryParse(
                text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number <= s_longest.TotalMilliseconds
            && of(number) <= s_longest)
        {
            return of(number);
        }

        throw new ToolException(
            ExitCode.Usage, $"--stagger: expected a time of at most a day such as 10s, 2m or 500ms, got '{text}'.");
    }

    /// <summary>Changes the services of a call.</summary>
    public async Task<ExitCode> RunAsync(
        Call call, Func<ServiceClient, CancellationToken, Task<Answer>> change, Views views)
    {
        IReadOnlyList<Uri> urls = call.Connection.Urls;
        State[] states = [.. urls.Select(static _ => State.NotAsked)];
        ExitCode code = ExitCode.Done;
        for (int i = 0; i < urls.Count && code == ExitCode.Done; i++)
        {
            if (await PauseAsync(i == 0 ? TimeSpan.Zero : stagger, urls[i], call.Cancellation))
            {
                (states[i], code) = await ChangeAsync(call, urls[i], change, views);
            }
            else
            {
                code = ExitCode.Interrupted;
            }
        }

        if (call.IsJson)
        {
            foreach (Uri url in urls.Where((_, i) => states[i] == State.NotAsked))
            {
                views.Json(LineOf(url, State.NotAsked));
            }
        }

        await (call.IsJson ? errors : output).WriteLineAsync(Summary(urls, states));
        return code;
    }

    /// <returns>False if Ctrl+C ended the pause.</returns>
    private async Task<bool> PauseAsync(TimeSpan pause, Uri next, CancellationToken cancellation)
    {
        if (pause > TimeSpan.Zero && !cancellation.IsCancellationRequested)
        {
            await errors.WriteLineAsync(
                string.Create(CultureInfo.InvariantCulture, $"Waits {pause.TotalSeconds:0.###} s before {next}."));
            await Task.Delay(pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return !cancellation.IsCancellationRequested;
    }

    private async Task<(State State, ExitCode Code)> ChangeAsync(
        Call call, Uri url, Func<ServiceClient, CancellationToken, Task<Answer>> change, Views views)
    {
        using CancellationTokenRegistration interrupted = call.Cancellation.Register(() => errors.WriteLine(
            $"Interrupted. Waits for {url}, which is being changed; Ctrl+C again ends the tool at once."));
        try
        {
            // May fail too: the file of authorities is read again for each service.
            using var client = new ServiceClient(url, call.Connection);
            Answer answer = await change(client, CancellationToken.None);
            if (call.IsJson)
            {
                views.Json(LineOf(url, State.Changed, "answer", answer.ToJson()));
            }
            else
            {
                views.Report(url, answer);
            }

            return (State.Changed, ExitCode.Done);
        }
        catch (ToolException exception)
        {
            State state = exception.MayBeDone ? State.Unknown : State.Refused;
            if (call.IsJson)
            {
                views.Json(LineOf(url, state, "error", exception.Message));
            }

            await errors.WriteLineAsync(exception.Message);
            return (state, exception.Code);
        }
    }

    private static JsonObject LineOf(Uri url, State state, string? name = null, JsonNode? value = null)
    {
        var line = new JsonObject
        {
            ["url"] = url.ToString(),
            ["state"] = state switch
            {
                State.Changed => "changed",
                State.Refused => "refused",
                State.Unknown => "unknown",
                _ => "notAsked",
            },
        };
        if (name is not null)
        {
            line[name] = value;
        }

        return line;
    }

    private static string Summary(IReadOnlyList<Uri> urls, State[] states)
    {
        string[] Of(params State[] wanted) =>
            [.. urls.Where((_, i) => wanted.Contains(states[i])).Select(static url => url.ToString())];
        string[] changed = Of(State.Changed);
        string[] unknown = Of(State.Unknown);
        string[] not = Of(State.Refused, State.NotAsked);
        return $"Changed {changed.Length} of {urls.Count}{List(changed)}."
            + (unknown.Length > 0 ? $"\nNot known, may still be changed: {string.Join(", ", unknown)}." : "")
            + (not.Length > 0 ? $"\nNot changed: {string.Join(", ", not)}." : "");

        string List(string[] some) => some.Length > 0 && some.Length < urls.Count ? $": {string.Join(", ", some)}" : "";
    }
}
