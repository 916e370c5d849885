namespace BoundedCache.LoadService.Control;

/// <summary>A new limit for a cache that has no admin endpoint.</summary>
internal sealed record LimitRequest(long MaxBytes);

/// <summary>What was done about it, and how long that took.</summary>
internal sealed record LimitAnswer(string Done, double Milliseconds);
