namespace BoundedCache.AspNetCore.Changes;

/// <summary>
/// The count of releases within the last minute. Each stops the process for a moment, whoever asks. Thread-safe.
/// </summary>
internal sealed class ReleaseRate(int perMinute, TimeProvider time)
{
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private readonly Queue<long> _taken = new();

    /// <summary>Takes one.</summary>
    /// <param name="wait">Where none is left: the time until there is.</param>
    public bool TryTake(out TimeSpan wait)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            while (_taken.TryPeek(out long oldest) && time.GetElapsedTime(oldest, now) >= s_window)
            {
                _taken.Dequeue();
            }

            wait = _taken.Count < perMinute ? TimeSpan.Zero : s_window - time.GetElapsedTime(_taken.Peek(), now);
            if (wait > TimeSpan.Zero)
            {
                return false;
            }

            _taken.Enqueue(now);
            return true;
        }
    }
}
