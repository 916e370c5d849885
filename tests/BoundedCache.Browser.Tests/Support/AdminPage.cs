using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace BoundedCache.Browser.Tests.Support;

/// <summary>The admin page in a browser, with what went wrong in it and where it sent requests.</summary>
internal sealed class AdminPage : IAsyncDisposable
{
    private const string WatchViolations =
        "document.addEventListener('securitypolicyviolation', event => console.error(`Violates "
        + "${event.violatedDirective}: ${event.blockedURI} ${event.sample}`))";

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentQueue<Uri> _requests = new();

    private AdminPage(IBrowserContext context, IPage page)
    {
        (_context, Browser) = (context, page);
        page.Console += (_, message) => Note(message.Type is "error" or "warning", $"{message.Type}: {message.Text}");
        page.PageError += (_, error) => Note(true, $"exception: {error}");
        page.Request += (_, request) => _requests.Enqueue(new Uri(request.Url));
    }

    public IPage Browser { get; }

    /// <summary>
    /// Errors and warnings of the console, exceptions, and violations of the content security policy.
    /// </summary>
    public IReadOnlyCollection<string> Faults => _faults;

    public IReadOnlyCollection<Uri> Requests => _requests;

    public ILocator Connection => Browser.Locator("#connection");

    public ILocator Dialog => Browser.GetByRole(AriaRole.Dialog);

    public static async Task<AdminPage> OpenAsync(IBrowserContext context, Uri address)
    {
        context.SetDefaultTimeout(BrowserFixture.Patience);
        IPage browser = await context.NewPageAsync();
        var page = new AdminPage(context, browser);
        await browser.AddInitScriptAsync(WatchViolations);
        await browser.GotoAsync(address.AbsoluteUri);
        return page;
    }

    /// <summary>The card of a cache.</summary>
    public CacheCard Card(string name) => new(Browser.GetByRole(AriaRole.Article, new() { Name = name, Exact = true }));

    /// <summary>Waits for a fault with such a text: the browser tells of them in its own time.</summary>
    public async Task WaitForFaultAsync(string text)
    {
        using var limit = new CancellationTokenSource((int)BrowserFixture.Patience);
        while (!_faults.Any(fault => fault.Contains(text, StringComparison.Ordinal)))
        {
            Assert.False(
                limit.IsCancellationRequested, $"There was no fault with '{text}', but: {string.Join(" | ", _faults)}");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <summary>Answers the question that stands open.</summary>
    public Task AnswerAsync(string button) =>
        Dialog.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    /// <summary>Loads the page again, with figures that a test changes. They are polled.</summary>
    /// <param name="change">Changes the list of caches, and the history.</param>
    public async Task PretendAsync(Action<JsonNode> change)
    {
        await Browser.RouteAsync("**/api/stream", static route => route.AbortAsync());
        await Browser.RouteAsync(new Regex("/api/(caches|history.*)$"), async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            JsonNode json = JsonNode.Parse(await answer.TextAsync())!;
            change(json);
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = json.ToJsonString() });
        });
        await Browser.ReloadAsync();
    }

    /// <summary>What reaches beyond the right of the window; nothing where one cannot scroll there.</summary>
    public Task<string[]> WiderThanWindowAsync() => Browser.EvaluateAsync<string[]>(
        """
        () => {
          const page = document.documentElement;
          if (page.scrollWidth <= page.clientWidth) {
            return [];
          }
          const wide = [...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > page.clientWidth)
            .map(e => e.outerHTML.slice(0, 60));
          return [`The page is ${page.scrollWidth} px wide in ${page.clientWidth}`, ...wide];
        }
        """);

    /// <summary>A property of the style sheet, such as a colour, as the theme sets it.</summary>
    public Task<string> TokenAsync(string name) => Browser.EvaluateAsync<string>(
        "name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()", $"--{name}");

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    private void Note(bool isFault, string text)
    {
        if (isFault)
        {
            _faults.Enqueue(text);
        }
    }
}
