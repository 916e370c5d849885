namespace BoundedCache.Browser.Tests.Support;

/// <summary>What can be seen and done on the card of one cache.</summary>
internal sealed class CacheCard(ILocator card)
{
    public ILocator Whole => card;

    public ILocator Used => Figure("used");

    public ILocator Max => Figure("max");

    /// <summary>What a full cache evicts first.</summary>
    public ILocator Policy => Figure("policy");

    public ILocator Count => Figure("count");

    public ILocator Limit => card.GetByLabel("New limit");

    public ILocator Preview => card.Locator(".preview");

    /// <summary>What is wrong with what was typed.</summary>
    public ILocator LimitProblem => card.Locator(".limit .problem");

    /// <summary>What went wrong with what was asked for.</summary>
    public ILocator Problem => card.Locator(".result .problem");

    public ILocator Outcome => card.Locator(".outcome");

    public ILocator Button(string name) => card.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>Types a limit and sends the form off, which makes it ask.</summary>
    public async Task AskForLimitAsync(string limit)
    {
        await Limit.FillAsync(limit);
        await Button("Change limit…").ClickAsync();
    }

    private ILocator Figure(string name) => card.Locator($"[data-figure={name}]");
}
