using System.Buffers;
using System.Reflection;

namespace BoundedCache.Sizing;

/// <summary>
/// The segments of a <see cref="ReadOnlySequence{T}"/>: a chain that knows its length, but not in segments. A slice
/// keeps alive all that come after its first one, also those beyond its last.
/// </summary>
/// <remarks>One for each type derived from <see cref="ReadOnlySequenceSegment{T}"/>.</remarks>
internal sealed class SegmentChain
{
    /// <summary>Segments counted one by one; of more, these tell how long a segment is.</summary>
    private const int Counted = 16_384;

    private readonly FieldInfo _next;
    private readonly FieldInfo _runningIndex;

    private SegmentChain(FieldInfo next, FieldInfo runningIndex) => (_next, _runningIndex) = (next, runningIndex);

    /// <summary>
    /// The chain of segments of this type, or null if it is another type or its fields have other names.
    /// </summary>
    public static SegmentChain? From(Type type)
    {
        for (Type? t = type; t is not null; t = t.BaseType)
        {
            if (t.IsGenericType && t.GetGenericTypeDefinition() == typeof(ReadOnlySequenceSegment<>))
            {
                return Find(t, "<Next>k__BackingField") is { } next
                    && Find(t, "<RunningIndex>k__BackingField") is { } index
                    && index.FieldType == typeof(long)
                        ? new SegmentChain(next, index)
                        : null;
            }
        }

        return null;
    }

    /// <summary>About how many segments there are from one on, itself included; 0 where nothing tells.</summary>
    /// <param name="first">The first segment.</param>
    /// <param name="last">The last segment of the sequence: it tells how long a chain is that is not counted.</param>
    /// <param name="isCounted">
    /// Whether they were counted. Otherwise the answer is far off where later segments are longer or shorter.
    /// </param>
    public long EstimateCount(object first, object last, out bool isCounted)
    {
        isCounted = true;
        object segment = first;
        for (int i = 1; i <= Counted; i++)
        {
            if (_next.GetValue(segment) is not { } next)
            {
                return i;
            }

            segment = next;
        }

        isCounted = false;
        double sampled = IndexOf(segment) - (double)IndexOf(first);
        double all = IndexOf(last) - (double)IndexOf(first);
        return sampled > 0 && all > sampled ? (long)Math.Min(int.MaxValue, Counted * all / sampled) + 1 : 0;
    }

    private long IndexOf(object segment) => (long)_runningIndex.GetValue(segment)!;

    private static FieldInfo? Find(Type type, string name) =>
        Array.Find(InstanceFields.DeclaredBy(type), field => field.Name == name);
}
