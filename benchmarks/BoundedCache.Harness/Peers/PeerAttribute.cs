namespace BoundedCache.Harness.Peers;

/// <summary>
/// Makes a class a peer: everything that measures peers finds it by this attribute, so a new peer is a file with a
/// class that has it, implements <see cref="ICachePeer"/>, and has a constructor that takes a <see cref="PeerSetup"/>.
/// </summary>
/// <param name="name">The name on command lines and in results.</param>
/// <param name="order">Where it stands in tables.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class PeerAttribute(string name, int order) : Attribute
{
    /// <summary>The name on command lines and in results.</summary>
    public string Name { get; } = name;

    /// <summary>Where it stands in tables.</summary>
    public int Order { get; } = order;

    /// <summary>Whether it keeps to a limit; those that do not are a floor for speed and not a cache.</summary>
    public bool IsBounded { get; init; } = true;

    /// <summary>Whether its limit is a number of entries (<see cref="PeerSetup.Entries"/>) and not of bytes.</summary>
    public bool IsLimitedByCount { get; init; }

    /// <summary>Whether it measures values itself instead of taking declared sizes.</summary>
    public bool Measures { get; init; }
}
