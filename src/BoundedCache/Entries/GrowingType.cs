namespace BoundedCache.Entries;

/// <summary>
/// Values of one type that grew lately, held weakly, and what was said about the type. Not thread-safe, but for what it
/// says first.
/// </summary>
internal sealed class GrowingType
{
    public const int Remembered = 16;

    private readonly WeakReference<object>?[] _before = new WeakReference<object>?[Remembered];
    private uint _next;
    private int _told;

    /// <summary>Values that grew before and still live.</summary>
    public IEnumerable<object> Before
    {
        get
        {
            foreach (WeakReference<object>? weak in _before)
            {
                if (weak is not null && weak.TryGetTarget(out object? value))
                {
                    yield return value;
                }
            }
        }
    }

    public void Remember(object value)
    {
        ref WeakReference<object>? weak = ref _before[_next++ % Remembered];
        if (weak is null)
        {
            weak = new WeakReference<object>(value);
        }
        else
        {
            weak.SetTarget(value);
        }
    }

    public bool TellsUnfinished() => TellsFirst(1);

    public bool TellsGrown() => TellsFirst(2);

    public bool TellsShared() => TellsFirst(4);

    public bool TellsUncharged() => TellsFirst(8);

    private bool TellsFirst(int kind) =>
        (Volatile.Read(ref _told) & kind) == 0 && (Interlocked.Or(ref _told, kind) & kind) == 0;
}
