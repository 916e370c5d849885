namespace BoundedCache.Browser.Tests.Support;

/// <summary>Sizes and themes in which the page is looked at.</summary>
internal static class Views
{
    public static BrowserNewContextOptions Desktop(ColorScheme scheme = ColorScheme.Light) => Create(1280, 900, scheme);

    public static BrowserNewContextOptions Phone(ColorScheme scheme = ColorScheme.Light) => Create(360, 800, scheme);

    public static BrowserNewContextOptions Create(int width, int height, ColorScheme scheme) => new()
    {
        ViewportSize = new ViewportSize { Width = width, Height = height },
        ColorScheme = scheme,
        Locale = "en-GB",
        ReducedMotion = ReducedMotion.Reduce,
    };
}
