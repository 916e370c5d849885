namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Checks that used memory stays within the limit while the limit changes. One thread changes the limit, through
/// this object; any number of threads check, each with its own <see cref="Look"/>.
/// </summary>
/// <remarks>
/// The limit is constant, or is being raised, or is being lowered; each such phase is an object. A thread that finds
/// the same object before and after it reads used memory knows in which phase it read. While the limit is lowered, used
/// memory is within the old limit. Once a thread has read the new limit, the values above it that it reads only fall.
/// </remarks>
internal sealed class LimitWatch(BoundedMemoryCache cache)
{
    private Phase _phase = new(cache.MaxMemory, cache.MaxMemory);

    public void SetLimit(long limit)
    {
        Volatile.Write(ref _phase, new Phase(cache.MaxMemory, limit));
        cache.MaxMemory = limit;
        Volatile.Write(ref _phase, new Phase(limit, limit));
    }

    public Look NewLook() => new(this, cache);

    /// <summary>The view of one thread.</summary>
    public sealed class Look(LimitWatch watch, BoundedMemoryCache cache)
    {
        private Phase? _lastPhase;
        private long _lastUsed;

        public void Check()
        {
            Phase phase = Volatile.Read(ref watch._phase);
            bool inForce = cache.MaxMemory == phase.New;
            long used = cache.UsedMemory;
            Interlocked.MemoryBarrier();
            if (!ReferenceEquals(Volatile.Read(ref watch._phase), phase))
            {
                return;
            }

            Assert.True(used >= 0, $"used memory is {used}");
            Assert.True(used <= Math.Max(phase.Old, phase.New), $"used memory is {used}, above the limit of {phase}");
            if (ReferenceEquals(phase, _lastPhase) && phase.New < phase.Old)
            {
                Assert.True(
                    used <= Math.Max(phase.New, _lastUsed), $"used memory rose from {_lastUsed} to {used} in {phase}");
            }

            (_lastPhase, _lastUsed) = (inForce ? phase : null, used);
        }
    }

    internal sealed record Phase(long Old, long New);
}
