namespace BoundedCache.Harness.Peers;

/// <summary>
/// A value that stands for one of so many bytes, so that a trace of gigabytes can be replayed without making them.
/// Peers that measure take its word.
/// </summary>
/// <param name="Bytes">What it claims to keep alive.</param>
public sealed record SizedValue(long Bytes);
