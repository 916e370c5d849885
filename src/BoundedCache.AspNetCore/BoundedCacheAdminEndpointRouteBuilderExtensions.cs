using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using BoundedCache;
using BoundedCache.AspNetCore;
using BoundedCache.AspNetCore.Access;
using BoundedCache.AspNetCore.Caches;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Json;
using BoundedCache.AspNetCore.MemoryReports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Mapping of the admin endpoint.</summary>
public static class BoundedCacheAdminEndpointRouteBuilderExtensions
{
    private const string JsonType = "application/json";

    /// <summary>
    /// Maps a page and an API that show the caches registered with <c>AddBoundedMemoryCache</c>, change their limits,
    /// and release memory.
    /// </summary>
    /// <remarks>
    /// Closed by default: without authorization on the endpoint (<c>RequireAuthorization</c> here
    /// or on an outer group, or the policies of the options), and without
    /// <see cref="BoundedCacheAdminOptions.AllowLoopback"/>, every request is answered 403. <c>AllowAnonymous</c> and a
    /// fallback policy do not open it. From the host's start to its stop a timer takes samples for the history. If it
    /// is mapped twice, there are two histories, and two counts of releases.
    /// </remarks>
    /// <param name="endpoints">The route builder to map it on.</param>
    /// <param name="pattern">The route prefix of the page and the API.</param>
    /// <param name="configure">Changes the default settings; null for the defaults.</param>
    /// <returns>A convention builder for all of its endpoints.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="endpoints"/> or <paramref name="pattern"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// A setting is not allowed; the message says which, and what is allowed.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// No cache was registered, or an admin endpoint is mapped at this pattern already. Where the two are mapped
    /// through different route groups, all requests of the application fail with this exception instead.
    /// </exception>
    public static IEndpointConventionBuilder MapBoundedCacheAdmin(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern = "/admin/cache",
        Action<BoundedCacheAdminOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var options = new BoundedCacheAdminOptions();
        configure?.Invoke(options);
        options = options.ValidatedCopy();
        if (endpoints.ServiceProvider.GetService<IServiceProviderIsService>()
            ?.IsService(typeof(BoundedMemoryCacheRegistry)) == false)
        {
            throw new InvalidOperationException(
                "MapBoundedCacheAdmin found no cache to administer. Call builder.Services.AddBoundedMemoryCache(), "
                    + "AddKeyedBoundedMemoryCache(name) or a method that adds a byte cache, "
                    + "before the application is built.");
        }

        MappedPatterns.Add(endpoints, pattern);
        KnowTypes(endpoints.ServiceProvider.GetService<IOptions<JsonOptions>>()?.Value.SerializerOptions);
        var admin = new CacheAdmin(endpoints.ServiceProvider, options);
        RouteGroupBuilder all = endpoints.MapGroup(pattern);
        all.WithTags("BoundedCache").ProducesProblem(StatusCodes.Status403Forbidden);
        ((IEndpointConventionBuilder)all).Finally(admin.Gate.Guard);
        IEndpointConventionBuilder page = MapPage(Kind(all, EndpointKind.Page, options.ReadPolicy), admin);
        MappedPatterns.NoteWhenBuilt(page, endpoints, admin);
        MapReads(Kind(all, EndpointKind.Read, options.ReadPolicy), admin);
        MapChanges(Kind(all, EndpointKind.Change, options.ChangePolicy), admin);
        return all;
    }

    /// <summary>
    /// Adds the endpoint's types to the application's JSON settings. The endpoint itself does not need this, but
    /// OpenAPI documents are derived with those settings, and without reflection they know no types.
    /// </summary>
    private static void KnowTypes(JsonSerializerOptions? application)
    {
        if (application is { IsReadOnly: false }
            && !application.TypeInfoResolverChain.Contains(AdminJsonContext.Default))
        {
            application.TypeInfoResolverChain.Add(AdminJsonContext.Default);
        }
    }

    private static RouteGroupBuilder Kind(RouteGroupBuilder all, EndpointKind kind, string? policy)
    {
        RouteGroupBuilder group = all.MapGroup("");
        group.WithMetadata(kind);
        return policy is null ? group : group.RequireAuthorization(policy);
    }

    /// <returns>The endpoint of the page itself, which stands at the pattern.</returns>
    private static IEndpointConventionBuilder MapPage(RouteGroupBuilder group, CacheAdmin admin)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        group.ExcludeFromDescription();
        IEndpointConventionBuilder page = group.MapMethods("/", methods, admin.Page.GetPage);
        group.MapMethods("/assets/{**file}", methods, admin.Page.GetAsset);
        Refusals.MapOtherMethods(group, "/", methods);
        Refusals.MapOtherMethods(group, "/assets/{**file}", methods);
        return page;
    }

    private static void MapReads(RouteGroupBuilder group, CacheAdmin admin)
    {
        group.MapGet("/api/caches", (Delegate)admin.Caches.ListAsync)
            .WithSummary("All caches, the process's memory, and what may be done")
            .Produces<CacheListView>();
        group.MapGet("/api/caches/{name}", admin.Caches.Get)
            .WithSummary("One cache: limit, used bytes, entries, lookups, evictions and the last shrink")
            .Produces<CacheView>().ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/api/caches/{name}/limit/preview", admin.Caches.Preview)
            .WithSummary("What a limit would evict, estimated")
            .Produces<LimitPreview>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/api/caches/{name}/contents", admin.Contents.GetAsync)
            .WithSummary("What a cache holds, largest first, estimated from a sample")
            .Produces<ContentsView>().ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/api/memory", admin.Memory.ObserveAsync)
            .WithSummary("The process's memory, taken apart without disturbing it")
            .Produces<MemoryReportView>();
        group.MapGet("/api/history", admin.History.Get)
            .WithSummary("Samples, shrinks and changes, all that are kept or those after a time")
            .Produces<HistoryView>().ProducesProblem(StatusCodes.Status400BadRequest);
        group.MapGet("/api/stream", admin.Stream.Open)
            .WithSummary("Samples, shrinks and operations as they happen, as server-sent events")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("/api/operations/{id}", admin.Changes.GetOperation)
            .WithSummary("How far a change is that was answered with 202")
            .Produces<OperationView>().ProducesProblem(StatusCodes.Status404NotFound);

        string[] get = [HttpMethods.Get];
        foreach (string pattern in (string[])[
            "/api/caches", "/api/caches/{name}", "/api/caches/{name}/limit/preview", "/api/caches/{name}/contents",
            "/api/history", "/api/stream",
            "/api/operations/{id}"])
        {
            Refusals.MapOtherMethods(group, pattern, get);
        }

        Refusals.MapOtherPaths(group, "/api/{**path}");
    }

    private static void MapChanges(RouteGroupBuilder group, CacheAdmin admin)
    {
        const string limit = "/api/caches/{name}/limit";
        const string release = "/api/caches/{name}/release";
        const string compact = "/api/caches/{name}/compact";
        const string clear = "/api/caches/{name}/clear";
        const string memory = "/api/memory";

        // The calls that map a handler stand here, not in the helper: the compiler generates their code at the call.
        FinishOperation<LimitRequest>(
            group,
            HttpMethods.Put,
            limit,
            group.MapPut(limit, admin.Changes.SetLimitAsync),
            "Sets the limit, evicts down to it and gives memory back");
        FinishOperation<ReleaseRequest>(
            group,
            HttpMethods.Post,
            release,
            group.MapPost(release, admin.Changes.ReleaseAsync),
            "Gives memory back to the operating system, evicting nothing");
        FinishRemoval<CompactRequest>(
            group,
            compact,
            group.MapPost(compact, admin.Changes.CompactAsync),
            "Removes a share of the entries, in the order of the policy");
        FinishRemoval<EmptyRequest>(
            group, clear, group.MapPost(clear, admin.Changes.ClearAsync), "Removes all entries");
        Finish<EmptyRequest>(
            group,
            HttpMethods.Post,
            memory,
            group.MapPost(memory, (Delegate)admin.Memory.CollectAsync),
            "The process's memory, taken apart with a garbage collection",
            reads: true)
            .Produces<MemoryReportView>()
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
    }

    /// <summary>Completes the mapping of a change that takes time.</summary>
    private static void FinishOperation<TBody>(
        RouteGroupBuilder group, string method, string pattern, RouteHandlerBuilder endpoint, string summary)
        where TBody : class, IRequestBody =>
        Finish<TBody>(group, method, pattern, endpoint, summary)
            .Produces<ShrinkView>()
            .Produces<OperationView>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);

    /// <summary>Completes the mapping of a change that removes entries.</summary>
    private static void FinishRemoval<TBody>(
        RouteGroupBuilder group, string pattern, RouteHandlerBuilder endpoint, string summary)
        where TBody : class, IRequestBody =>
        Finish<TBody>(group, HttpMethods.Post, pattern, endpoint, summary)
            .Produces<RemovalView>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);

    /// <summary>
    /// Describes the endpoint of a change, and maps the refusals of other content types and methods at its address.
    /// </summary>
    private static RouteHandlerBuilder Finish<TBody>(
        RouteGroupBuilder group,
        string method,
        string pattern,
        RouteHandlerBuilder endpoint,
        string summary,
        bool reads = false)
        where TBody : class, IRequestBody
    {
        Refusals.MapOtherTypes(group, pattern, method, TBody.Example);
        Refusals.MapOtherMethods(group, pattern, reads ? [HttpMethods.Get, method] : [method]);
        return endpoint
            .WithSummary(summary)
            .Accepts<TBody>(JsonType)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
    }
}
