namespace BoundedCache.Pacing;

/// <summary>
/// Where neither the room grew nor the process shrank after entries were evicted, twice in a row, nothing more is
/// evicted for a time that doubles. One for each kind of limit, since what does not help the heap may help the
/// container. Holds no lock: its owner does.
/// </summary>
internal sealed class PressureBrake(TimeProvider time)
{
    /// <summary>Evicted bytes from which on it is judged whether evicting them helped.</summary>
    private const long JudgedBytes = 2 * 1024 * 1024;

    private const int MostStrikes = 2;

    private static readonly TimeSpan s_leastRest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longestRest = TimeSpan.FromMinutes(16);

    private TimeSpan _rest = s_leastRest;
    private long? _restsSince;
    private int _strikes;

    /// <summary>Whether yielding rests because it did not help.</summary>
    public bool IsStopped => _restsSince is long since && time.GetElapsedTime(since) < _rest;

    /// <summary>Notes what came of evicted bytes.</summary>
    /// <param name="evictedBytes">What was evicted.</param>
    /// <param name="gainedBytes">What the room grew, or what the process shrank: the larger of both.</param>
    /// <returns>Whether yielding rests from now on.</returns>
    public bool NoteOutcome(long evictedBytes, long gainedBytes)
    {
        if (evictedBytes < JudgedBytes)
        {
            return false;
        }

        if (gainedBytes >= evictedBytes / 4)
        {
            _strikes = 0;
            _rest = s_leastRest;
            _restsSince = null;
            return false;
        }

        if (++_strikes < MostStrikes)
        {
            return false;
        }

        TimeSpan rest = _restsSince is null ? s_leastRest : 2 * _rest;
        _rest = rest < s_longestRest ? rest : s_longestRest;
        _restsSince = time.GetTimestamp();

        // After the rest one more try is enough.
        _strikes = MostStrikes - 1;
        return true;
    }
}
