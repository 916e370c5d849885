namespace BoundedCache.Harness.Traces;

/// <summary>One request of an access trace.</summary>
/// <param name="Key">What was asked for.</param>
/// <param name="SizeBytes">The size of what was asked for; zero or more.</param>
public readonly record struct TraceRequest(string Key, long SizeBytes);
