namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>
/// Terminal colours by Spectre's names: for each quantity the one nearest to its colour in the pictures.
/// </summary>
internal static class Palette
{
    public const string Accent = "deepskyblue3";
    public const string Cache = "dodgerblue1";
    public const string Live = "springgreen3";
    public const string Committed = "mediumpurple1";
    public const string Resident = "orange1";
    public const string Good = "green3";
    public const string Bad = "red1";
}
