using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// A value that knows its key, its version among that key's values, and how
/// often it was reported as removed.
/// </summary>
internal sealed class Stamped(int number, long version)
{
    private int _departures;

    public int Number { get; } = number;

    public long Version { get; } = version;

    /// <summary>How often an eviction callback reported it.</summary>
    public int Departures => Volatile.Read(ref _departures);

    public EvictionReason Reason { get; private set; }

    /// <summary>When it expires, in UTC ticks, where the test gave it a deadline.</summary>
    public long Deadline { get; set; } = long.MaxValue;

    public void Depart(EvictionReason reason)
    {
        Reason = reason;
        Interlocked.Increment(ref _departures);
    }

    public override string ToString() => $"version {Version} of {Number}, gone {Departures} times ({Reason})";
}
