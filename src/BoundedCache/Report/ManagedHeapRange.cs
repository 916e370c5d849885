using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>Tells the mappings of the managed heap from their neighbours.</summary>
/// <remarks>
/// The runtime reserves one range for all regions, right above a smaller one for its card and mark tables. Neither
/// has a name, the kernel joins what was reserved side by side, and native allocations may be placed right at
/// either end. What tells them apart: every region starts at a multiple of its alignment, the tables do not; and
/// the range's size is known.
/// </remarks>
internal static class ManagedHeapRange
{
    /// <summary>The alignment of regions, which is the size of the small ones.</summary>
    private const long RegionBytes = 4L * 1024 * 1024;

    /// <summary>Finds the heap around an address in it.</summary>
    /// <returns>
    /// Indexes of the first mapping and of the one after the last; null where the address is in
    /// no mapping of that kind.
    /// </returns>
    public static Range? Find(IReadOnlyList<Mapping> mappings, HeapPlace place)
    {
        int anchor = IndexOf(mappings, place.AnchorAddress);
        if (anchor < 0 || place.RangeBytes <= 0 || !mappings[anchor].IsWritable || mappings[anchor].Path is not null)
        {
            return null;
        }

        int first = anchor;
        for (int index = anchor; ; index--)
        {
            first = mappings[index].IsAccessible ? index : first;
            bool isInside = index > 0
                && Continues(mappings[index - 1], mappings[index])
                && mappings[index - 1].Start > place.AnchorAddress - place.RangeBytes;
            if (!isInside || IsTable(mappings[index - 1], index > 1 ? mappings[index - 2] : default))
            {
                break;
            }
        }

        // The range began at most one region below the first that there is, and a region fits before its end.
        long end = mappings[first].Start + place.RangeBytes - RegionBytes;
        int after = first + 1;
        while (after < mappings.Count
            && Continues(mappings[after - 1], mappings[after])
            && mappings[after].Start <= end)
        {
            after++;
        }

        return first..after;
    }

    private static int IndexOf(IReadOnlyList<Mapping> mappings, long address)
    {
        for (int index = 0; index < mappings.Count; index++)
        {
            if (mappings[index].Start <= address && address < mappings[index].End)
            {
                return index;
            }
        }

        return -1;
    }

    private static bool Continues(Mapping lower, Mapping upper) =>
        lower.End == upper.Start && lower.Path is null && upper.Path is null;

    /// <summary>
    /// Whether committed memory is no region: a region's mappings start aligned, or right where
    /// its own first part ended.
    /// </summary>
    private static bool IsTable(Mapping mapping, Mapping below) =>
        mapping.IsAccessible && mapping.Start % RegionBytes != 0 && !(below.IsAccessible && Continues(below, mapping));
}
