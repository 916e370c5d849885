namespace BoundedCache.Browser.Tests.Support;

/// <summary>
/// A fact that needs a browser. It is skipped where there is none, except in CI, where
/// <see cref="BrowserFixture"/> lets it fail.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = BrowserRequirement.WhyNot;
}

/// <summary>A theory with the same requirement.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute() => Skip = BrowserRequirement.WhyNot;
}

/// <summary>The reason to skip; null for none.</summary>
internal static class BrowserRequirement
{
    public static string? WhyNot => Chromium.Path is null && !Chromium.IsRequired ? Chromium.Missing : null;
}
