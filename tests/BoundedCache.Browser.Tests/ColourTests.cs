using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>The colours of the style sheet, as the page has them in either theme.</summary>
public sealed class ColourTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    private const double TextContrast = 4.5;
    private const double ShapeContrast = 3;

    /// <summary>
    /// Far more than can be noticed side by side (2.3), so that it also holds from a legend to a line.
    /// </summary>
    private const double ClearDifference = 10;

    private static readonly (string Text, string Ground)[] s_texts =
    [
        ("text", "ground"), ("text", "surface"), ("text", "inset"), ("text", "bad-ground"),
        ("muted", "ground"), ("muted", "surface"), ("muted", "inset"),
        ("accent", "ground"), ("on-accent", "accent"), ("danger", "surface"), ("danger", "inset"),
        ("danger", "bad-ground"), ("on-danger", "danger"),
        ("good", "good-ground"), ("warn", "warn-ground"), ("mark-text", "mark"), ("surface", "text"),
        ("on-part", "cache"), ("on-part", "otherLive"), ("on-part", "dead"), ("on-part", "fragmentation"),
        ("on-part", "unused"), ("on-part", "native"), ("on-part", "fileMapped"),
    ];

    private static readonly (string Shape, string Ground)[] s_shapes =
    [
        ("resident", "surface"), ("committed", "surface"), ("live", "surface"), ("used", "surface"), ("max", "surface"),
        ("mark", "surface"),
        ("control", "surface"), ("control", "inset"), ("accent", "surface"),
        ("cache", "surface"), ("otherLive", "surface"), ("dead", "surface"), ("fragmentation", "surface"),
        ("unused", "surface"), ("native", "surface"), ("fileMapped", "surface"),
    ];

    private static readonly string[] s_lines = ["resident", "committed", "live", "used", "max"];
    private static readonly string[] s_parts =
        ["cache", "otherLive", "dead", "fragmentation", "unused", "native", "fileMapped"];

    [BrowserTheory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Texts_and_shapes_stand_out_and_neighbours_keep_apart_for_the_colour_blind(ColorScheme scheme)
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site, Views.Desktop(scheme));

        foreach ((string front, string ground, double least) in s_texts.Select(
            static pair => (pair.Text, pair.Ground, TextContrast))
            .Concat(s_shapes.Select(static pair => (pair.Shape, pair.Ground, ShapeContrast))))
        {
            double contrast = Colour.Contrast(
                Colour.Parse(await page.TokenAsync(front)), Colour.Parse(await page.TokenAsync(ground)));
            Assert.True(
                contrast >= least,
                $"--{front} on --{ground} has a contrast of {contrast:0.00} in the {scheme} theme; it needs {least}.");
        }

        IEnumerable<(string One, string Other)> pairs = s_lines.SelectMany(
            (one, index) => s_lines.Skip(index + 1).Select(other => (one, other)))
            .Concat(s_parts.Zip(s_parts.Skip(1)));
        foreach ((string one, string other) in pairs)
        {
            (Colour first, Colour second) =
                (Colour.Parse(await page.TokenAsync(one)), Colour.Parse(await page.TokenAsync(other)));
            foreach (ColourBlindness kind in ColourBlindness.All)
            {
                double difference = Colour.Difference(first.SeenBy(kind), second.SeenBy(kind));
                Assert.True(
                    difference >= ClearDifference,
                    $"--{one} and --{other} differ by {difference:0.0} under {kind.Name} in the {scheme} theme; "
                        + $"they need {ClearDifference}.");
            }
        }
    }
}
