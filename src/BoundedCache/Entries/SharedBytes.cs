using BoundedCache.Sizing;

namespace BoundedCache.Entries;

/// <summary>What values keep alive together, and how much of that each of them shares with others.</summary>
/// <remarks>
/// The values are walked in order, and each object is counted at the first value that leads to it; then the same
/// backwards. What is counted at a value both times, it alone keeps alive. Two walks, however many values there are,
/// each of which looks at every object once.
/// </remarks>
internal sealed class SharedBytes
{
    /// <summary>
    /// The least number of values for which what they share is not charged to each: with fewer, charging each is the
    /// rule for everything that entries share.
    /// </summary>
    public const int Many = 4;

    /// <summary>Objects in one walk. Values beyond that wait for the next one.</summary>
    private const int MostObjects = 60_000;

    private readonly long[] _shared;
    private readonly double _sharers;

    private SharedBytes(long[] shared, long togetherBytes, double sharers)
    {
        _shared = shared;
        _sharers = sharers;
        TogetherBytes = togetherBytes;
    }

    /// <summary>How many of the values were compared, from the first on; at least one.</summary>
    public int Count => _shared.Length;

    /// <summary>What these keep alive together.</summary>
    public long TogetherBytes { get; }

    /// <summary>Whether what is shared is shared by many, on average over its bytes.</summary>
    public bool IsByMany => _sharers >= Many;

    /// <summary>The bytes that a value keeps alive and others too.</summary>
    public long this[int index] => _shared[index];

    /// <summary>For values that there is nothing to compare with, or that share next to nothing.</summary>
    public static SharedBytes Nothing(int count) => new(new long[count], 0, 0);

    /// <summary>For values of which only a few can be measured together: all share the same.</summary>
    /// <param name="values">The values.</param>
    /// <param name="compared">Those that were measured together, and what each needs alone.</param>
    /// <param name="togetherBytes">What they need together.</param>
    public static SharedBytes Estimate(
        ReadOnlySpan<SizedValue> values, List<SizedValue> compared, long togetherBytes)
    {
        if (compared.Count < Many)
        {
            return Nothing(values.Length);
        }

        long each = Math.Max(
            0, (compared.Sum(static value => value.Bytes) - togetherBytes) / (compared.Count - 1));
        long[] shared = new long[values.Length];
        long together = each;
        for (int i = 0; i < values.Length; i++)
        {
            shared[i] = Math.Min(each, values[i].Bytes);
            together += values[i].Bytes - shared[i];
        }

        return new SharedBytes(shared, together, compared.Count);
    }

    /// <summary>Compares values.</summary>
    /// <param name="values">The values; at least one.</param>
    /// <param name="others">Other values that may share with them.</param>
    /// <param name="cancellationToken">Ends the walks.</param>
    public static SharedBytes Find(
        ReadOnlySpan<SizedValue> values, List<SizedValue> others, CancellationToken cancellationToken)
    {
        if (values.Length + others.Count < 2)
        {
            return Nothing(values.Length);
        }

        GraphWalk walk = GraphWalkPool.Rent();
        var all = new List<(SizedValue Value, long First, long Last)>(others.Count + values.Length);
        foreach (SizedValue other in others)
        {
            if (walk.ObjectCount <= MostObjects / Many)
            {
                all.Add((other, CountNew(walk, other, cancellationToken), 0));
            }
        }

        int begin = all.Count;
        foreach (SizedValue value in values)
        {
            if (all.Count == begin || walk.ObjectCount <= MostObjects)
            {
                all.Add((value, CountNew(walk, value, cancellationToken), 0));
            }
        }

        walk.Clear();
        for (int i = all.Count - 1; i >= 0; i--)
        {
            all[i] = all[i] with { Last = CountNew(walk, all[i].Value, cancellationToken) };
        }

        GraphWalkPool.Return(walk);
        return From(all, begin);
    }

    private static SharedBytes From(List<(SizedValue Value, long First, long Last)> all, int begin)
    {
        long[] shared = new long[all.Count - begin];
        long sharedOfAll = 0;
        long sharedOnce = 0;
        long together = 0;
        for (int i = 0; i < all.Count; i++)
        {
            (SizedValue value, long first, long last) = all[i];
            long alone = Math.Min(first, last);
            long part = Math.Max(0, value.Bytes - alone);
            sharedOfAll += part;
            sharedOnce += first - alone;
            if (i >= begin)
            {
                shared[i - begin] = part;
                together += last;
            }
        }

        return new SharedBytes(shared, together, sharedOnce > 0 ? (double)sharedOfAll / sharedOnce : 0);
    }

    /// <summary>The bytes of the objects that a value leads to and no value before it.</summary>
    private static long CountNew(GraphWalk walk, SizedValue value, CancellationToken cancellationToken)
    {
        // A walk that is not cleared remembers what it has seen, and goes on adding up.
        long before = walk.BytesSoFar;
        return walk.MeasureFully(value.Value, cancellationToken) - before;
    }
}

/// <summary>A value, and the bytes that it keeps alive.</summary>
internal sealed record SizedValue(object Value, long Bytes);
