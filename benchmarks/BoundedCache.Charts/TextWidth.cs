namespace BoundedCache.Charts;

/// <summary>
/// How wide text will be, roughly: SVG without scripts cannot measure, and the reader's font is not known. Generous, so
/// that what is laid out by it does not collide in a wide font.
/// </summary>
internal static class TextWidth
{
    private const double PerCharacter = 0.6;

    /// <summary>The width of <paramref name="text"/> at <paramref name="fontSize"/>, both in user units.</summary>
    public static double Estimate(string text, double fontSize) => text.Length * PerCharacter * fontSize;
}
