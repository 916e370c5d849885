using System.Reflection;

namespace BoundedCache.Harness.Peers;

/// <summary>All peers of this assembly, found by <see cref="PeerAttribute"/>.</summary>
public static class PeerCatalog
{
    /// <summary>The peers in the order of tables.</summary>
    public static IReadOnlyList<Peer> All { get; } =
    [
        .. typeof(PeerCatalog).Assembly.GetTypes()
            .Select(static type => (type, attribute: type.GetCustomAttribute<PeerAttribute>()))
            .Where(static found => found.attribute is not null)
            .OrderBy(static found => found.attribute!.Order)
            .Select(static found => new Peer(found.type, found.attribute!)),
    ];

    /// <summary>The peer of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those there are.</exception>
    public static Peer Find(string name) => All.FirstOrDefault(peer => peer.Name == name)
        ?? throw new ArgumentException(
            $"there is no peer '{name}'; there are {string.Join(", ", All.Select(static peer => peer.Name))}",
            nameof(name));
}

/// <summary>A peer that can be made.</summary>
public sealed class Peer
{
    private readonly Type _type;
    private readonly PeerAttribute _attribute;

    internal Peer(Type type, PeerAttribute attribute) => (_type, _attribute) = (type, attribute);

    /// <inheritdoc cref="PeerAttribute.Name"/>
    public string Name => _attribute.Name;

    /// <inheritdoc cref="PeerAttribute.IsBounded"/>
    public bool IsBounded => _attribute.IsBounded;

    /// <inheritdoc cref="PeerAttribute.IsLimitedByCount"/>
    public bool IsLimitedByCount => _attribute.IsLimitedByCount;

    /// <inheritdoc cref="PeerAttribute.Measures"/>
    public bool Measures => _attribute.Measures;

    /// <summary>Whether <see cref="IShrinkablePeer"/> is one of its talents.</summary>
    public bool CanShrink => typeof(IShrinkablePeer).IsAssignableFrom(_type);

    /// <summary>Whether <see cref="IExpiringPeer"/> is one of its talents.</summary>
    public bool CanExpire => typeof(IExpiringPeer).IsAssignableFrom(_type);

    /// <summary>Makes an empty cache.</summary>
    public ICachePeer Create(PeerSetup setup) => (ICachePeer)Activator.CreateInstance(_type, setup)!;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
