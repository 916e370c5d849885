using BoundedCache.Process;

namespace BoundedCache.Report;

/// <summary>Finds the mappings of the managed heap.</summary>
/// <remarks>
/// The runtime reserves one range for all regions, right above a smaller range for its card and mark tables.
/// Neither has a name, the kernel joins neighbouring reservations, and native allocations may lie right at either
/// end. Two facts find the heap: every region starts at a multiple of its alignment and the tables do not, and
/// the range's size is known.
/// </remarks>
internal static class ManagedHeapRange
{
    /// <summary>Finds the heap around an address in it.</summary>
    /// <returns>
    /// The indexes of the first mapping and of the one after the last; null where the address is in no such mapping.
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

        // The range begins at most one region below the first mapping found. The last region ends before the range
        // does.
        long end = mappings[first].Start + place.RangeBytes - GCReading.RegionBytes;
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
    /// Whether committed memory is no region. A region's first mapping is aligned, and its others continue it.
    /// </summary>
    private static bool IsTable(Mapping mapping, Mapping below) =>
        mapping.IsAccessible
        && mapping.Start % GCReading.RegionBytes != 0
        && !(below.IsAccessible && Continues(below, mapping));
}

/// <summary>
/// Where the managed heap lies: one reserved range of addresses, of which the collector commits regions.
/// </summary>
/// <param name="AnchorAddress">An address in the heap's lowest part, of an object that never moves.</param>
/// <param name="RangeBytes">The size of the reserved range.</param>
internal readonly record struct HeapPlace(long AnchorAddress, long RangeBytes);
