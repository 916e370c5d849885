using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>How a number of bytes was found.</summary>
[Flags]
internal enum MeasureNotes
{
    /// <summary>Every object was counted, or a sizer answered.</summary>
    None = 0,

    /// <summary>Not every object was counted.</summary>
    Estimated = 1,

    /// <summary>
    /// A chain or tree without a count went past the bound: only what was seen of it counts, or its arrays are too many
    /// to see much of each. <see cref="ObjectMeasurer.MeasureFully"/> finishes it.
    /// </summary>
    LowerBound = 2,

    /// <summary>The value's own type is one of <see cref="Sizing.NotFollowed"/>.</summary>
    NotFollowed = 4,
}

/// <summary>Measures how many managed bytes a value keeps alive.</summary>
/// <remarks>
/// <para>Thread-safe. In order: the sizer that the user registered for the exact type; constant-time
/// answers for strings, arrays of types without references, and objects without references; a bounded walk
/// of the object graph.</para>
/// <para>Each object that can be reached from the value is counted once, at its size in the runtime's heap. The shared
/// objects of <see cref="NotFollowed"/> and native memory are not counted. No code of the measured types runs, and
/// <see cref="Measure(object?)"/> never throws, whatever a value or a sizer does.</para>
/// </remarks>
internal sealed class ObjectMeasurer
{
    private readonly UserSizers _userSizers;
    private readonly bool _hasUserSizers;
    private readonly bool _measuresStrings;
    private readonly bool _measuresByteArrays;
    private readonly Action<Type>? _onEstimated;
    private readonly GraphBounds _bounds;
    private readonly Action<Type>? _onNotWalked;
    private long _estimatedCount;
    private int _hasToldNotWalked;

    /// <param name="userSizers">Bytes of the values of a type, by exact type. Copied.</param>
    /// <param name="onSizerFailed">Called when a sizer throws or returns a negative number. May throw.</param>
    /// <param name="bounds"><see cref="GraphBounds.Default"/> if null.</param>
    /// <param name="onEstimated">
    /// Called with the type of each value whose size had to be extrapolated, each time. May throw.
    /// </param>
    /// <param name="onNotWalked">
    /// Called once, with the type of the first value that holds objects which this process cannot look into. May throw.
    /// </param>
    public ObjectMeasurer(
        IReadOnlyDictionary<Type, Func<object, long>>? userSizers = null,
        Action<Type, Exception>? onSizerFailed = null,
        GraphBounds? bounds = null,
        Action<Type>? onEstimated = null,
        Action<Type>? onNotWalked = null)
    {
        _userSizers = new UserSizers(userSizers, onSizerFailed);
        _hasUserSizers = !_userSizers.IsEmpty;
        _measuresStrings = !_userSizers.Contains(typeof(string));
        _measuresByteArrays = !_userSizers.Contains(typeof(byte[]));
        _onEstimated = onEstimated;
        _onNotWalked = onNotWalked;
        _bounds = bounds ?? GraphBounds.Default;
    }

    /// <summary>How many measurements had to extrapolate, or met objects that could not be looked into.</summary>
    public long EstimatedCount => Interlocked.Read(ref _estimatedCount);

    /// <summary>The bytes of a string of this many characters.</summary>
    public static long SizeOfString(int length) => ObjectSize.OfString(length);

    /// <summary>The bytes that a value keeps alive, itself included; 0 for null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Measure(object? value)
    {
        if (value is string text && _measuresStrings)
        {
            return ObjectSize.OfString(text.Length);
        }

        // The exact type: an sbyte[] passes for a byte[], and may have a sizer of its own.
        return value is not null && value.GetType() == typeof(byte[]) && _measuresByteArrays
            ? ObjectSize.OfByteArray(Unsafe.As<byte[]>(value).Length)
            : MeasureOther(value, out _);
    }

    /// <summary>The same, and how the number was found.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Measure(object? value, out MeasureNotes notes)
    {
        notes = MeasureNotes.None;
        if (value is string text && _measuresStrings)
        {
            return ObjectSize.OfString(text.Length);
        }

        return value is not null && value.GetType() == typeof(byte[]) && _measuresByteArrays
            ? ObjectSize.OfByteArray(Unsafe.As<byte[]>(value).Length)
            : MeasureOther(value, out notes);
    }

    /// <summary>
    /// Finishes what <see cref="Measure(object?, out MeasureNotes)"/> left as a lower bound: looks at every object.
    /// </summary>
    /// <remarks>
    /// For a thread in the background: a chain of some million nodes takes seconds. Needs up to 32 MB of memory. Runs
    /// no code of the measured types, and counts as no estimate of its own.
    /// </remarks>
    /// <exception cref="OperationCanceledException">The token was cancelled meanwhile.</exception>
    public long MeasureFully(object value, CancellationToken cancellationToken)
    {
        if (_userSizers.Contains(value.GetType())
            || TypeLayouts.Get(value) is { IsNotFollowed: true } or { IsLeaf: true })
        {
            return Measure(value);
        }

        var walk = new GraphWalk(); // None of the pool: it would grow to megabytes.
        try
        {
            return walk.MeasureFully(value, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return walk.BytesSoFar;
        }
    }

    /// <summary>
    /// Whether a value holds a task that runs, a delegate or the like, so that it may keep alive more than is counted.
    /// Looks at as many objects as a measurement. Never throws.
    /// </summary>
    public bool SeesHidden(object value)
    {
        GraphWalk walk = GraphWalkPool.Rent();
        try
        {
            return walk.SeesHidden(value, _bounds);
        }
        catch (Exception)
        {
            // As in a measurement. What was not seen may hide something.
            return true;
        }
        finally
        {
            GraphWalkPool.Return(walk);
        }
    }

    private long MeasureOther(object? value, out MeasureNotes notes)
    {
        notes = MeasureNotes.None;
        if (value is null)
        {
            return 0;
        }

        if (_hasUserSizers && _userSizers.TryMeasure(value, out long bytes))
        {
            return bytes;
        }

        TypeLayout layout = TypeLayouts.Get(value);
        if (layout.IsNotFollowed || (layout.IsDelegate && !Closures.IsOver(value)))
        {
            notes = MeasureNotes.NotFollowed | MeasureNotes.Estimated;
            CountEstimate(value.GetType(), isEstimated: true, isOpaque: false);
            return 0;
        }

        if (!layout.IsLeaf)
        {
            return MeasureGraph(value, out notes);
        }

        if (layout.IsEstimated || layout.IsOpaque)
        {
            notes = MeasureNotes.Estimated;
            CountEstimate(value.GetType(), layout.IsEstimated, layout.IsOpaque);
        }

        return layout.SizeOf(value);
    }

    private long MeasureGraph(object value, out MeasureNotes notes)
    {
        GraphWalk walk = GraphWalkPool.Rent();
        long bytes;
        try
        {
            bytes = walk.Measure(value, _bounds, out notes);
        }
        catch (Exception)
        {
            // Out of memory, or a visitor that the runtime refuses to compile. The objects seen are the best answer.
            bytes = walk.BytesSoFar;
            notes = MeasureNotes.Estimated;
        }

        bool isEstimated = notes != MeasureNotes.None;
        bool sawOpaque = walk.SawOpaque;
        GraphWalkPool.Return(walk);
        if (isEstimated || sawOpaque)
        {
            notes |= MeasureNotes.Estimated;
            CountEstimate(value.GetType(), isEstimated, sawOpaque);
        }

        return bytes;
    }

    private void CountEstimate(Type type, bool isEstimated, bool isOpaque)
    {
        Interlocked.Increment(ref _estimatedCount);
        try
        {
            if (isEstimated)
            {
                _onEstimated?.Invoke(type);
            }

            if (isOpaque && Interlocked.Exchange(ref _hasToldNotWalked, 1) == 0)
            {
                _onNotWalked?.Invoke(type);
            }
        }
        catch (Exception)
        {
            // The entry is stored even if a logger throws.
        }
    }
}

/// <summary>Keeps unused walks: one small one per thread, and one large one for the process.</summary>
/// <remarks>
/// Large walks are not kept per thread, because that would be megabytes which no cache accounts for. One is kept,
/// because its arrays are large objects: making them anew for each large graph would cause full collections.
/// </remarks>
internal static class GraphWalkPool
{
    /// <summary>In objects: about 64 KB of arrays.</summary>
    private const int SmallCapacity = 1024;

    /// <summary>In objects: about 2.5 MB of arrays, as a walk over 100,000 linked objects has.</summary>
    private const int LargeCapacity = 40 * 1024;

#pragma warning disable IDE1006 // t_: one per thread
    [ThreadStatic]
    private static GraphWalk? t_small;
#pragma warning restore IDE1006

    private static GraphWalk? s_large;

    /// <summary>Takes a walk for this caller alone; a nested call on the same thread gets another.</summary>
    public static GraphWalk Rent()
    {
        GraphWalk? walk = t_small;
        t_small = null;
        return walk ?? Interlocked.Exchange(ref s_large, null) ?? new GraphWalk();
    }

    /// <summary>Gives a walk back, also one whose measurement threw.</summary>
    public static void Return(GraphWalk walk)
    {
        walk.Clear();
        if (walk.Capacity <= SmallCapacity)
        {
            t_small = walk;
        }
        else if (walk.Capacity <= LargeCapacity)
        {
            Interlocked.CompareExchange(ref s_large, walk, null);
        }
    }
}
