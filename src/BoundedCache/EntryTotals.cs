using System.Globalization;

namespace BoundedCache;

/// <summary>A number of entries together with the bytes that they were charged.</summary>
/// <param name="Entries">How many entries.</param>
/// <param name="Bytes">
/// The sum of their charges, in bytes (in declared units under <see cref="EntrySizing.Declared"/>). Beyond
/// <see cref="long.MaxValue"/> it wraps around; only declared sizes can be that large.
/// </param>
public readonly record struct EntryTotals(long Entries, long Bytes)
{
    /// <summary>The sum of two totals.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>Entries and bytes of both.</returns>
    public static EntryTotals operator +(EntryTotals left, EntryTotals right) =>
        new(left.Entries + right.Entries, left.Bytes + right.Bytes);

    /// <summary>The difference of two totals.</summary>
    /// <param name="left">The larger.</param>
    /// <param name="right">What is taken from it.</param>
    /// <returns>Entries and bytes of the first without those of the second.</returns>
    public static EntryTotals operator -(EntryTotals left, EntryTotals right) =>
        new(left.Entries - right.Entries, left.Bytes - right.Bytes);

    /// <summary>The sum of two totals.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>Entries and bytes of both.</returns>
    public static EntryTotals Add(EntryTotals left, EntryTotals right) => left + right;

    /// <summary>The difference of two totals.</summary>
    /// <param name="left">The larger.</param>
    /// <param name="right">What is taken from it.</param>
    /// <returns>Entries and bytes of the first without those of the second.</returns>
    public static EntryTotals Subtract(EntryTotals left, EntryTotals right) => left - right;

    /// <summary>
    /// Entries and charges as text, such as <c>1,234 (5,242,880 charged)</c>. The charges have no unit: it is not known
    /// here whether they are bytes or declared units.
    /// </summary>
    /// <returns>The text in the invariant culture.</returns>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Entries:N0} ({Bytes:N0} charged)");
}
