namespace BoundedCache.TestSupport;

/// <summary>A text differs from the verified one.</summary>
public sealed class SnapshotMismatchException(string message) : Exception(message);
