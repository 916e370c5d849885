using System.ComponentModel;
using System.Data;
using System.Globalization;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Sizing;

/// <summary>Tables and what belongs to them: data, although their base class is a service provider.</summary>
[Collection(HeapTests.Name)]
public sealed class DataSizeTests
{
    private static readonly Dictionary<string, Func<object>> s_shapes = new(StringComparer.Ordinal)
    {
        ["table"] = () => Table(500),
        ["table with a key"] = () => WithKey(500),
        ["table of an own class"] = () => Fill(new OwnTable(), 500),
        ["set"] = () =>
        {
            var set = new DataSet();
            set.Tables.Add(WithKey(300));
            DataTable second = Table(300);
            second.TableName = "second";
            set.Tables.Add(second);
            set.Relations.Add(set.Tables[0].Columns[0], second.Columns[0]);
            return set;
        },
        ["view"] = () => new DataView(Table(500)) { Sort = "name" },
        ["row view"] = () => new DataView(Table(500)) { Sort = "name" }[0],
        ["row"] = () => Table(500).Rows[7],
        ["rows"] = () => Table(500).Select("id >= 0"),
        ["column"] = () => Table(500).Columns[0],
        ["own component"] = () => new OwnComponent(),
    };

    public static TheoryData<string> Shapes() => [.. s_shapes.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Data_is_followed_and_a_row_is_charged_with_its_table(string shape)
    {
        // The shape that is small needs more copies: a few KB of other objects would be seen in it.
        (object value, long bytes) = Truth.Retained(s_shapes[shape], copies: shape == "own component" ? 400 : 10);
        var measurer = new ObjectMeasurer();
        Truth.AssertWithin(0.05, bytes, measurer.Measure(value, out MeasureNotes notes));
        Assert.Equal(MeasureNotes.None, notes);
    }

    [Fact]
    public void A_table_ten_times_the_bound_is_estimated_within_25_percent()
    {
        DataTable value = Table(50_000);
        var measurer = new ObjectMeasurer();
        Truth.AssertWithin(0.25, measurer.MeasureFully(value, CancellationToken.None), measurer.Measure(value));
    }

    private static DataTable Table(int rows) => Fill(new DataTable(), rows);

    private static DataTable WithKey(int rows)
    {
        DataTable table = Table(rows);
        table.PrimaryKey = [table.Columns[0]];
        table.AcceptChanges();
        return table;
    }

    private static DataTable Fill(DataTable table, int rows)
    {
        table.Locale = CultureInfo.InvariantCulture;
        table.Columns.Add("id", typeof(int));
        table.Columns.Add("name", typeof(string));
        for (int i = 0; i < rows; i++)
        {
            table.Rows.Add(i, $"row {i}");
        }

        return table;
    }

    private sealed class OwnTable : DataTable;

    private sealed class OwnComponent : MarshalByValueComponent
    {
        public byte[] Data { get; } = new byte[10_000];
    }
}
