using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace BoundedCache.Tool;

/// <summary>
/// Looks at services again and again. A failure goes to standard error, and the first one's code is how it ends.
/// </summary>
internal sealed class Watch(TextWriter output, TextWriter errors, TimeProvider time, Views views)
{
    private readonly Dictionary<Uri, (Answer Answer, long At)> _last = [];

    public async Task<ExitCode> RunAsync(Call call, double interval, int times)
    {
        if (interval is not (>= 0.1 and <= 3600))
        {
            throw new ToolException(
                ExitCode.Usage,
                string.Create(
                    CultureInfo.InvariantCulture, $"--interval: expected seconds from 0.1 to 3600, got {interval}."));
        }

        if (times < 0)
        {
            throw new ToolException(
                ExitCode.Usage,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"--count: expected a number of looks, or 0 for no end, got {times}."));
        }

        var clients = call.Connection.Urls.Select(url => new ServiceClient(url, call.Connection)).ToList();
        IAnsiConsole console = Tables.ConsoleOn(output);
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
                    ExitCode code = await LookAsync(client, call);
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

    private async Task<ExitCode> LookAsync(ServiceClient client, Call call)
    {
        try
        {
            Answer now = await client.GetAsync("api/caches", "caches", call.Cancellation);
            long at = time.GetTimestamp();
            if (call.IsJson)
            {
                views.Json(new JsonObject { ["url"] = client.Url.ToString(), ["answer"] = now.ToJson() });
                return ExitCode.Done;
            }

            // Rates are over the time between two answers, which other services and slow answers make longer.
            if (_last.TryGetValue(client.Url, out (Answer Answer, long At) last)
                && InstanceOf(last.Answer) == InstanceOf(now))
            {
                views.Caches(client.Url, now, last.Answer, time.GetElapsedTime(last.At, at).TotalSeconds);
            }
            else
            {
                views.Caches(client.Url, now);
            }

            _last[client.Url] = (now, at);
            return ExitCode.Done;
        }
        catch (ToolException exception)
        {
            // One service that does not answer does not end the look at the others; its old figures are not shown.
            _last.Remove(client.Url);
            await errors.WriteLineAsync(exception.Message);
            return exception.Code;
        }
    }

    private static string InstanceOf(Answer caches) => caches["service"]["instance"].Text;
}
