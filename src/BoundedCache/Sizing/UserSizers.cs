using System.Collections.Frozen;
using System.Globalization;

namespace BoundedCache.Sizing;

/// <summary>The sizers that a user registered, by exact type. Contains what a faulty sizer does.</summary>
/// <remarks>
/// A sizer that asks for the size of its own argument, directly or through the cache, would recurse until the stack
/// overflows. While a sizer runs on a thread, it is therefore not called again there: the nested value is measured.
/// </remarks>
internal sealed class UserSizers(
    IReadOnlyDictionary<Type, Func<object, long>>? sizers,
    Action<Type, Exception>? onFailed)
{
#pragma warning disable IDE1006 // t_: one per thread
    [ThreadStatic]
    private static List<Func<object, long>>? t_running;
#pragma warning restore IDE1006

    // A copy: the caller's dictionary may change, and is not thread-safe.
    private readonly FrozenDictionary<Type, Func<object, long>> _sizers =
        (sizers ?? new Dictionary<Type, Func<object, long>>()).ToFrozenDictionary();

    public bool IsEmpty => _sizers.Count == 0;

    public bool Contains(Type type) => _sizers.ContainsKey(type);

    /// <summary>Calls the sizer of the value's exact type.</summary>
    /// <returns>
    /// False if there is none, if it is running on this thread already, or if it threw or returned a negative number.
    /// </returns>
    public bool TryMeasure(object value, out long bytes)
    {
        bytes = 0;
        if (!_sizers.TryGetValue(value.GetType(), out Func<object, long>? sizer))
        {
            return false;
        }

        List<Func<object, long>> running = t_running ??= [];
        if (running.Contains(sizer))
        {
            return false;
        }

        running.Add(sizer);
        try
        {
            bytes = sizer(value);
        }
        catch (Exception e)
        {
            Report(value.GetType(), e);
            return false;
        }
        finally
        {
            running.RemoveAt(running.Count - 1);
        }

        if (bytes < 0)
        {
            Report(
                value.GetType(),
                new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Expected a size of 0 bytes or more from the sizer, got {bytes}.")));
            return false;
        }

        return true;
    }

    private void Report(Type type, Exception exception)
    {
        try
        {
            onFailed?.Invoke(type, exception);
        }
        catch (Exception)
        {
            // The entry is stored even if a logger throws.
        }
    }
}
