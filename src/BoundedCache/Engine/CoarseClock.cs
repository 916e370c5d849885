using System.Diagnostics.CodeAnalysis;

namespace BoundedCache.Engine;

/// <summary>
/// Tells cheaply that a deadline is not near: the system's clock is read once in each tick of
/// <see cref="Environment.TickCount64"/>. Thread-safe.
/// </summary>
internal sealed class CoarseClock
{
    /// <summary>
    /// Nearer deadlines are not judged: longer than <see cref="Environment.TickCount64"/> stands still, unless the
    /// processor that keeps the time is stopped, by a hypervisor for one. Then a deadline can be passed unnoticed.
    /// </summary>
    public const long GrainTicks = 100 * TimeSpan.TicksPerMillisecond;

    private readonly TimeProvider _time;
    private Reading _last = new(-1, 0);

    private CoarseClock(TimeProvider time) => _time = time;

    /// <summary>A coarse clock for the system's clock; null for another one, whose time may go otherwise.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "Only compared.")]
    public static CoarseClock? TryCreate(TimeProvider time) =>
        ReferenceEquals(time, TimeProvider.System) ? new CoarseClock(time) : null;

    /// <summary>Whether a deadline, in UTC ticks, lies ahead; false where only the clock itself can tell.</summary>
    public bool IsAhead(long deadline)
    {
        long tick = Environment.TickCount64;
        Reading last = _last;
        if (last.Tick != tick)
        {
            last = new Reading(tick, _time.GetUtcNow().UtcTicks);
            _last = last;
        }

        return deadline - GrainTicks > last.UtcTicks;
    }

    /// <summary>An object, so that both numbers are published at once.</summary>
    private sealed record Reading(long Tick, long UtcTicks);
}
