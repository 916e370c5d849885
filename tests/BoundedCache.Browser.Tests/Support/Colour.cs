using System.Globalization;

namespace BoundedCache.Browser.Tests.Support;

/// <summary>A colour in linear light, each part from 0 to 1.</summary>
internal readonly record struct Colour(double Red, double Green, double Blue)
{
    /// <summary>Reads <c>#rrggbb</c>.</summary>
    public static Colour Parse(string text) => text is ['#', .. { Length: 6 }]
        ? new Colour(Part(text[1..3]), Part(text[3..5]), Part(text[5..7]))
        : throw new FormatException($"'{text}' is no colour such as #0969da.");

    /// <summary>The contrast of two colours as WCAG 2 defines it, from 1 to 21.</summary>
    public static double Contrast(Colour one, Colour other)
    {
        (double low, double high) =
            (Math.Min(one.Luminance, other.Luminance), Math.Max(one.Luminance, other.Luminance));
        return (high + 0.05) / (low + 0.05);
    }

    /// <summary>How different two colours look: their distance in CIE L*a*b*, where 2.3 can just be noticed.</summary>
    public static double Difference(Colour one, Colour other)
    {
        (double l1, double a1, double b1) = one.Lab;
        (double l2, double a2, double b2) = other.Lab;
        return Math.Sqrt(Math.Pow(l1 - l2, 2) + Math.Pow(a1 - a2, 2) + Math.Pow(b1 - b2, 2));
    }

    /// <summary>The colour as somebody sees it whose eyes lack a kind of cone.</summary>
    public Colour SeenBy(ColourBlindness kind)
    {
        double[] m = kind.Matrix;
        return new Colour(
            Math.Clamp((m[0] * Red) + (m[1] * Green) + (m[2] * Blue), 0, 1),
            Math.Clamp((m[3] * Red) + (m[4] * Green) + (m[5] * Blue), 0, 1),
            Math.Clamp((m[6] * Red) + (m[7] * Green) + (m[8] * Blue), 0, 1));
    }

    private double Luminance => (0.2126 * Red) + (0.7152 * Green) + (0.0722 * Blue);

    private (double L, double A, double B) Lab
    {
        get
        {
            double x = Curve(((0.4124 * Red) + (0.3576 * Green) + (0.1805 * Blue)) / 0.9505);
            double y = Curve(Luminance);
            double z = Curve(((0.0193 * Red) + (0.1192 * Green) + (0.9505 * Blue)) / 1.089);
            return ((116 * y) - 16, 500 * (x - y), 200 * (y - z));
        }
    }

    private static double Curve(double t) => t > 216.0 / 24389 ? Math.Cbrt(t) : ((24389.0 / 27 * t) + 16) / 116;

    private static double Part(string hex)
    {
        double value = int.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) / 255.0;
        return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
    }
}

/// <summary>
/// A kind of colour blindness, as a matrix on linear light (Machado, Oliveira and Fernandes 2009, severity 1).
/// </summary>
internal sealed record ColourBlindness(string Name, double[] Matrix)
{
    public static readonly ColourBlindness[] All =
    [
        new(
            "protanopia",
            [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998]),
        new(
            "deuteranopia",
            [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881]),
        new(
            "tritanopia",
            [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900]),
    ];
}
