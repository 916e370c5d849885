using System.Globalization;
using System.Text;

namespace BoundedCache.Charts;

/// <summary>
/// A series as an SVG path. Points that no eye could tell from the straight line between their neighbours are left out,
/// so a run of an hour makes a file of kilobytes.
/// </summary>
internal static class Polyline
{
    /// <summary>How far a left-out point may lie from the line, in user units.</summary>
    private const double Tolerance = 0.4;

    /// <summary>The path through the points.</summary>
    public static string Path(IReadOnlyList<ChartPoint> points, PlotArea area) => Write(Simplify(Place(points, area)));

    /// <summary>The path through the points with each value held until the next one.</summary>
    public static string StepPath(IReadOnlyList<ChartPoint> points, PlotArea area)
    {
        var steps = new List<(double X, double Y)>();
        foreach ((double x, double y) in Place(points, area))
        {
            if (steps.Count > 0)
            {
                steps.Add((x, steps[^1].Y));
            }

            steps.Add((x, y));
        }

        return Write(Simplify(steps));
    }

    /// <summary>The path round the area between the points and the axis.</summary>
    public static string AreaPath(IReadOnlyList<ChartPoint> points, PlotArea area)
    {
        List<(double X, double Y)> placed = Simplify(Place(points, area));
        return placed.Count == 0
            ? string.Empty
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{Write(placed)} L{placed[^1].X:0.#},{area.Bottom:0.#} L{placed[0].X:0.#},{area.Bottom:0.#} Z");
    }

    private static List<(double X, double Y)> Place(IReadOnlyList<ChartPoint> points, PlotArea area) =>
        [.. points.Select(p => (area.X(p.Time), area.Y(p.Value)))];

    private static string Write(List<(double X, double Y)> points)
    {
        var path = new StringBuilder();
        foreach ((double x, double y) in points)
        {
            path.Append(path.Length == 0 ? "M" : " L").Append(CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#}");
        }

        return path.ToString();
    }

    /// <summary>
    /// Ramer, Douglas and Peucker's simplification, with a stack of its own so that long runs
    /// cannot overflow the thread's.
    /// </summary>
    private static List<(double X, double Y)> Simplify(List<(double X, double Y)> points)
    {
        if (points.Count < 3)
        {
            return points;
        }

        var keep = new bool[points.Count];
        keep[0] = keep[^1] = true;
        var ranges = new Stack<(int First, int Last)>();
        ranges.Push((0, points.Count - 1));
        while (ranges.TryPop(out (int First, int Last) range))
        {
            int farthest = Farthest(points, range.First, range.Last);
            if (farthest >= 0)
            {
                keep[farthest] = true;
                ranges.Push((range.First, farthest));
                ranges.Push((farthest, range.Last));
            }
        }

        return [.. points.Where((_, index) => keep[index])];
    }

    private static int Farthest(List<(double X, double Y)> points, int first, int last)
    {
        int farthest = -1;
        double distance = Tolerance;
        for (int i = first + 1; i < last; i++)
        {
            double candidate = Distance(points[i], points[first], points[last]);
            if (candidate > distance)
            {
                (farthest, distance) = (i, candidate);
            }
        }

        return farthest;
    }

    private static double Distance((double X, double Y) point, (double X, double Y) from, (double X, double Y) to)
    {
        double dx = to.X - from.X;
        double dy = to.Y - from.Y;
        double length = Math.Sqrt((dx * dx) + (dy * dy));
        return length == 0
            ? Math.Sqrt(Math.Pow(point.X - from.X, 2) + Math.Pow(point.Y - from.Y, 2))
            : Math.Abs((dy * (point.X - from.X)) - (dx * (point.Y - from.Y))) / length;
    }
}
