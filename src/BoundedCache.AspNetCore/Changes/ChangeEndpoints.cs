using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using BoundedCache.AspNetCore.Access;
using BoundedCache.AspNetCore.Caches;
using BoundedCache.AspNetCore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>
/// The endpoints that change a cache or release memory. Nothing is changed before the whole request is checked.
/// </summary>
internal sealed class ChangeEndpoints(
    CacheDirectory caches,
    CacheChanges changes,
    OperationList operations,
    ReleaseRate rate,
    BoundedCacheAdminOptions options,
    CancellationToken stopping)
{
    /// <summary>Seconds after which a client may try again when too many changes are running.</summary>
    private const string SoonAgain = "5";

    public async Task<Results<JsonHttpResult<ShrinkView>, JsonHttpResult<OperationView>, Problem>> SetLimitAsync(
        string name, HttpContext context)
    {
        (IBoundedCache cache, LimitRequest body, Problem? refusal) = await ReadAsync(
            name, context, AdminJsonContext.Readable.LimitRequest);
        ReleaseMode? mode = null;
        long bytes = 0;
        refusal ??= LimitText.Refuse(body.MaxMemory, options, out bytes);
        refusal ??= ReleaseModeText.Refuse(body.ReleaseMode, allowsNone: true, out mode);
        return refusal is not null
            ? refusal
            : await AnswerAsync(context, () => changes.SetLimit(cache, bytes, mode, Requester.Describe(context)));
    }

    public async Task<Results<JsonHttpResult<ShrinkView>, JsonHttpResult<OperationView>, Problem>> ReleaseAsync(
        string name, HttpContext context)
    {
        (IBoundedCache cache, ReleaseRequest body, Problem? refusal) = await ReadAsync(
            name, context, AdminJsonContext.Readable.ReleaseRequest);
        ReleaseMode? mode = null;
        long taken = 0;
        refusal ??= ReleaseModeText.Refuse(body.ReleaseMode, allowsNone: false, out mode);
        bool isCounted = refusal is null && cache is not BoundedByteCache;
        refusal ??= isCounted ? TooManyReleases.Refuse(context, rate, out taken) : null;
        return refusal is not null ? refusal : await AnswerAsync(context, Start);

        Operation? Start()
        {
            Operation? started = null;
            try
            {
                return started = changes.Release(cache, mode, Requester.Describe(context));
            }
            finally
            {
                if (isCounted && started is null)
                {
                    rate.GiveBack(taken);
                }
            }
        }
    }

    public async Task<Results<JsonHttpResult<RemovalView>, Problem>> CompactAsync(string name, HttpContext context)
    {
        (IBoundedCache cache, CompactRequest body, Problem? refusal) = await ReadAsync(
            name, context, AdminJsonContext.Readable.CompactRequest);
        if (refusal is not null)
        {
            return refusal;
        }

        return body.Share is > 0 and <= 1
            ? await RemoveAsync(() => changes.CompactAsync(cache, body.Share.Value, Requester.Describe(context)))
            : Problems.Create(
                StatusCodes.Status400BadRequest,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"share: expected a number above 0 and up to 1, the share of the entries to remove, as in "
                        + $"{CompactRequest.Example}, got {(body.Share is null ? "none" : body.Share)}."),
                "Not a share");
    }

    public async Task<Results<JsonHttpResult<RemovalView>, Problem>> ClearAsync(string name, HttpContext context)
    {
        (IBoundedCache cache, _, Problem? refusal) = await ReadAsync(
            name, context, AdminJsonContext.Readable.EmptyRequest);
        return refusal is not null
            ? refusal
            : await RemoveAsync(() => changes.ClearAsync(cache, Requester.Describe(context)));
    }

    public Results<JsonHttpResult<OperationView>, Problem> GetOperation(string id) =>
        operations.TryGet(id, out Operation? operation)
            ? TypedResults.Json(operation.View(), AdminJsonContext.Readable.OperationView)
            : Problems.Create(
                StatusCodes.Status404NotFound,
                $"There is no operation '{Problems.Echo(id)}': it may be of an earlier run of "
                    + $"the service, or be long over.",
                "No such operation");

    /// <summary>Finds the cache and reads the body of a change. If it is refused, use neither.</summary>
    private async Task<(IBoundedCache Cache, T Body, Problem? Refusal)> ReadAsync<T>(
        string name, HttpContext context, JsonTypeInfo<T> type)
        where T : class, IRequestBody, new()
    {
        if (caches.Refuse(context, name, out IBoundedCache cache) is { } unknown)
        {
            return (cache, new T(), unknown);
        }

        (T body, Problem? refusal) = await RequestBody.ReadAsync(context, type);
        return (cache, body, refusal);
    }

    /// <summary>
    /// Starts an operation and answers with its report, or with 202 if the client does not wait or the host stops.
    /// </summary>
    private async Task<Results<JsonHttpResult<ShrinkView>, JsonHttpResult<OperationView>, Problem>> AnswerAsync(
        HttpContext context, Func<Operation?> start)
    {
        Operation? operation;
        try
        {
            operation = start();
        }
        catch (ObjectDisposedException)
        {
            return Disposed();
        }

        if (operation is null)
        {
            context.Response.Headers.RetryAfter = SoonAgain;
            return Problems.Create(
                StatusCodes.Status429TooManyRequests,
                $"{OperationList.MostRunning} changes are under way, which is the most. Nothing was changed. "
                    + $"Ask again in {SoonAgain} s.",
                "Too many changes");
        }

        if (PrefersAsync(context.Request))
        {
            context.Response.Headers["Preference-Applied"] = "respond-async";
            return Accepted(context, operation);
        }

        using (var giveUp = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping))
        {
            // The change goes on, even if the client or the host gives up.
            await Task.WhenAny(operation.Ended, Task.Delay(Timeout.Infinite, giveUp.Token));
            await giveUp.CancelAsync();
        }

        return operation switch
        {
            { Report: { } report } => TypedResults.Json(report, AdminJsonContext.Readable.ShrinkView),
            { Error: { } error } =>
                Problems.Create(StatusCodes.Status500InternalServerError, error, "The change failed"),
            _ => Accepted(context, operation),
        };
    }

    private static JsonHttpResult<OperationView> Accepted(HttpContext context, Operation operation)
    {
        // From {prefix}/api/caches/{name}/limit to {prefix}/api/operations/{id}. Relative: a proxy may have removed the
        // beginning of the path, and only the client knows it.
        string up = context.Request.Path.Value?.EndsWith('/') == true ? "../../../" : "../../";
        context.Response.Headers.Location = $"{up}operations/{operation.Id}";
        return TypedResults.Json(
            operation.View(), AdminJsonContext.Readable.OperationView, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<Results<JsonHttpResult<RemovalView>, Problem>> RemoveAsync(Func<Task<RemovalView>> remove)
    {
        try
        {
            return TypedResults.Json(await remove(), AdminJsonContext.Readable.RemovalView);
        }
        catch (ObjectDisposedException)
        {
            return Disposed();
        }
    }

    private static Problem Disposed() => Problems.Create(
        StatusCodes.Status409Conflict,
        "The cache is disposed: the application has let go of it, or is about to end.",
        "Cache disposed");

    private static bool PrefersAsync(HttpRequest request) => request.Headers["Prefer"]
        .SelectMany(static value => (value ?? "").Split([',', ';'], StringSplitOptions.TrimEntries))
        .Contains("respond-async", StringComparer.OrdinalIgnoreCase);
}
