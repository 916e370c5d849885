namespace BoundedCache.Harness.Peers;

/// <summary>BoundedCache as it is by default: sizes are measured, key and table included.</summary>
[Peer("bounded", 1, Measures = true)]
internal sealed class BoundedMeasuredPeer(PeerSetup setup) : BoundedPeer(setup, EntrySizing.Measured)
{
    public override void Set(object key, object value, long size) => Cache.Set(key, value);
}

/// <summary>The same under the scan-resistant policy.</summary>
[Peer("scan-resistant", 8, Measures = true)]
internal sealed class ScanResistantMeasuredPeer(PeerSetup setup)
    : BoundedPeer(setup, EntrySizing.Measured, EvictionPolicy.ScanResistant)
{
    public override void Set(object key, object value, long size) => Cache.Set(key, value);
}
