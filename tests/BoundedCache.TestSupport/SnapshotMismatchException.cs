namespace BoundedCache.TestSupport;

/// <summary>A text is not the one that was verified.</summary>
public sealed class SnapshotMismatchException(string message) : Exception(message);
