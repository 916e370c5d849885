namespace BoundedCache.AdminDashboard.Load;

/// <summary>A visitor's session in a shop: a small graph of objects, which the cache measures.</summary>
internal sealed record Session(int User, string Name, IReadOnlyList<SessionItem> Basket)
{
    public static Session Load(int user) =>
        new(user, $"Visitor {user}", [.. Enumerable.Range(0, 4 + (user % 24)).Select(item =>
            new SessionItem($"article-{user}-{item}", 1 + (item % 3), 9.90m + item))]);
}

/// <summary>An article in a visitor's basket.</summary>
internal sealed record SessionItem(string Article, int Count, decimal Price);
