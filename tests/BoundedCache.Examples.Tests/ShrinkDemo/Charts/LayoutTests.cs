using System.Xml.Linq;
using BoundedCache.Charts;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Charts;

public class LayoutTests
{
    private static readonly PlotArea s_area = new(
        0, 0, 1000, 100, TimeScale.For(TimeSpan.FromSeconds(100)), ByteScale.For(1000));

    [Fact]
    public void Badges_of_short_stages_stand_beside_one_another()
    {
        double[] placed = StageBadges.Place([100, 101, 102, 500, 899], left: 0, right: 900);

        Assert.Equal([100, 120, 140, 500, 890], placed);
    }

    [Fact]
    public void Badges_at_the_right_edge_push_those_before_them_back()
    {
        double[] placed = StageBadges.Place([880, 890, 895], left: 0, right: 900);

        Assert.Equal([850, 870, 890], placed);
    }

    [Fact]
    public void A_straight_line_of_many_points_is_drawn_with_two()
    {
        List<ChartPoint> points =
            [.. Enumerable.Range(0, 101).Select(i => new ChartPoint(TimeSpan.FromSeconds(i), 10 * i))];

        Assert.Equal(1, Polyline.Path(points, s_area).Count(c => c == 'L'));
    }

    [Fact]
    public void A_spike_is_not_simplified_away()
    {
        List<ChartPoint> points =
            [.. Enumerable.Range(0, 101).Select(i => new ChartPoint(TimeSpan.FromSeconds(i), i == 50 ? 1000 : 0))];

        Assert.Equal(4, Polyline.Path(points, s_area).Count(c => c == 'L'));
    }

    [Fact]
    public void A_limit_is_drawn_in_steps() => Assert.Equal(
        "M0,100 L500,100 L500,9.2 L1000,9.2",
        Polyline.StepPath(
            [new(TimeSpan.Zero, 0), new(TimeSpan.FromSeconds(50), 1000), new(TimeSpan.FromSeconds(100), 1000)],
            s_area));

    [Fact]
    public void Callouts_close_together_stand_above_one_another()
    {
        var point = new ChartPoint(TimeSpan.FromSeconds(50), 200);

        IReadOnlyList<PlacedCallout> placed = PlacedCallout.Arrange(
            [new("a", point, "1.25 GiB"), new("a", point, "1.26 GiB")], s_area);

        Assert.True(placed[1].Baseline <= placed[0].Baseline - 15);
    }

    [Fact]
    public void A_figure_with_nothing_in_it_is_still_a_picture()
    {
        string svg = SvgChartWriter.Write(new ChartFigure
        {
            Title = "<empty> & \"odd\"",
            Description = "none",
            Panels = [new ChartPanel { Series = [] }],
        });

        Assert.Equal("<empty> & \"odd\"", XDocument.Parse(svg).Root!.Attribute("aria-label")!.Value);
    }

    [Fact]
    public void A_series_has_the_same_colour_in_every_panel()
    {
        ChartSeries first = new("first", SeriesStyle.Line, []);
        ChartSeries second = new("second", SeriesStyle.Line, []);
        var colours = new SeriesColours([first, second, second, first]);

        Assert.Equal(("s0", "s1"), (colours.Stroke("first"), colours.Stroke("second")));
    }
}
