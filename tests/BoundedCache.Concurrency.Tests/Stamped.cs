using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Concurrency.Tests;

/// <summary>
/// A value that knows under which key it was stored, which version of that key's value it is, and how
/// often it was reported gone.
/// </summary>
internal sealed class Stamped(int number, long version)
{
    private int _departures;

    public int Number { get; } = number;

    public long Version { get; } = version;

    /// <summary>How often an eviction callback was told of it.</summary>
    public int Departures => Volatile.Read(ref _departures);

    public EvictionReason Reason { get; private set; }

    public void Depart(EvictionReason reason)
    {
        Reason = reason;
        Interlocked.Increment(ref _departures);
    }

    public override string ToString() => $"version {Version} of {Number}, gone {Departures} times ({Reason})";
}
