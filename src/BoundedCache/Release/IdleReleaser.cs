using System.Diagnostics;
using System.Runtime.CompilerServices;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// The watch, one a clock and so one a process, that releases gently when the process has held much more memory than it
/// needs for a while and is quiet. Its timer runs while a cache that wants it lives.
/// </summary>
/// <remarks>
/// <para>
/// <b>Held</b> is the resident part of the managed heap: what the last collection left committed, or, after one in the
/// background, which reports less than is committed, anonymous memory less what was last known to be native.
/// <b>Needed</b> is what survived the last collection of the whole heap, less what the caches have let go since.
/// <b>Quiet</b> is a process that allocates less than 1 MiB a second and collects no whole heap.
/// </para>
/// <para>Lock: <c>_lock</c> guards the members and the timer. No user code runs under it.</para>
/// </remarks>
internal sealed class IdleReleaser(MemoryReleaser releaser, ProcessMemory memory, TimeProvider time)
{
    private const int ChecksPerInterval = 6;
    private const int CalmChecks = 3;
    private const long QuietBytesPerSecond = 1024 * 1024;

    private static readonly ConditionalWeakTable<TimeProvider, IdleReleaser> s_watches = [];
    private static readonly TimeSpan s_longestPeriod = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly List<WeakReference<Member>> _members = [];
    private ITimer? _timer;
    private int _isChecking;

    // Of the checks alone, which do not overlap.
    private IdleReading _last;
    private long? _nativeBytes;
    private long _usedAtFull;
    private long _fullIndex;
    private int _calm;
    private long _leftBytes;
    private long? _releasedAt;

    /// <summary>The watch of a clock.</summary>
    public static IdleReleaser Shared(TimeProvider time) =>
        s_watches.GetValue(time, static clock => new IdleReleaser(MemoryReleaser.Shared, ProcessMemory.Shared, clock));

    /// <summary>Takes a cache into account for as long as the member lives.</summary>
    public void Join(Member member)
    {
        lock (_lock)
        {
            _members.Add(new WeakReference<Member>(member));
            TimeSpan period = Period_NeedsLock();
            if (_timer is not null)
            {
                _timer.Change(period, period);
                return;
            }

            // The timer must not carry the ExecutionContext of the first cache's maker.
            using (ExecutionContext.SuppressFlow())
            {
                _timer = time.CreateTimer(static state => ((IdleReleaser)state!).Tick(), this, period, period);
            }
        }
    }

    /// <summary>Ends a member's part in it.</summary>
    public void Leave(Member member)
    {
        lock (_lock)
        {
            _members.RemoveAll(weak => !weak.TryGetTarget(out Member? other) || ReferenceEquals(other, member));
            StopIfAlone_NeedsLock();
        }
    }

    private void Tick()
    {
        if (Interlocked.Exchange(ref _isChecking, 1) != 0)
        {
            return;
        }

        Member[] members = Alive();
        if (members.Length == 0 || !Check(members))
        {
            Volatile.Write(ref _isChecking, 0);
        }
    }

    /// <returns>Whether a release began, at whose end the next check may come.</returns>
    private bool Check(Member[] members)
    {
        IdleReading now = Read(members);
        long minimum = members.Min(static member => member.MinimumBytes);
        long excess = now.HeldBytes - now.NeededBytes;
        bool isMuch = excess >= now.NeededBytes / 2 && excess >= _leftBytes + minimum;
        _calm = isMuch && IsQuiet(now) ? _calm + 1 : 0;
        _last = now;
        TimeSpan interval = members.Min(static member => member.Interval);
        if (_calm < CalmChecks || (_releasedAt is long before && time.GetElapsedTime(before, now.Timestamp) < interval))
        {
            return false;
        }

        _calm = 0;
        _releasedAt = now.Timestamp;
        var request = new ReleaseRequest { ExpectedBytes = excess, Mode = ReleaseMode.Gentle, Forced = true };
        releaser.ReleaseAsync(request, CancellationToken.None).ContinueWith(
            task => Conclude(task, members),
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);
        return true;
    }

    private void Conclude(Task<ReleaseResult> task, Member[] members)
    {
        if (task.IsCompletedSuccessfully)
        {
            // What stayed is pinned, or kept by the runtime: asking for the same again would bring no more.
            IdleReading after = Read(members);
            _leftBytes = Math.Max(0, after.HeldBytes - after.NeededBytes);
            _last = after;
            members[0].OnReleased(task.Result);
        }

        Volatile.Write(ref _isChecking, 0);
    }

    private IdleReading Read(Member[] members)
    {
        IGarbageCollector collector = memory.Collector;
        ProcessMemorySnapshot snapshot = memory.TakeSnapshot();
        GCReading last = collector.ReadLast();
        GCReading full = collector.ReadLastFull();
        long occupied = ReleaseMeasurement.Occupied(snapshot);
        long used = members.Sum(static member => member.UsedBytes());
        if (full.Index != _fullIndex)
        {
            _fullIndex = full.Index;
            _usedAtFull = used;
        }

        long held = Math.Max(last.CommittedBytes, snapshot.AllocatedBytes);
        if (last.Concurrent)
        {
            held = _nativeBytes is long native ? occupied - native : held;
        }
        else
        {
            _nativeBytes = Math.Max(0, occupied - held);
        }

        return new IdleReading
        {
            Timestamp = time.GetTimestamp(),
            HeldBytes = Math.Min(held, occupied),
            NeededBytes = Math.Max(0, full.LiveBytes - Math.Max(0, _usedAtFull - used)),
            AllocatedEver = collector.TotalAllocatedBytes,
            FullCollections = collector.FullCollections,
        };
    }

    private bool IsQuiet(in IdleReading now) =>
        _last.Timestamp != 0
        && now.FullCollections == _last.FullCollections
        && now.AllocatedEver - _last.AllocatedEver <= QuietBytesPerSecond
            * time.GetElapsedTime(_last.Timestamp, now.Timestamp).TotalSeconds;

    private Member[] Alive()
    {
        lock (_lock)
        {
            List<Member> alive = [];
            _members.RemoveAll(weak =>
            {
                bool isAlive = weak.TryGetTarget(out Member? member);
                if (isAlive)
                {
                    alive.Add(member!);
                }

                return !isAlive;
            });
            StopIfAlone_NeedsLock();
            return [.. alive];
        }
    }

    private TimeSpan Period_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        TimeSpan shortest = s_longestPeriod * ChecksPerInterval;
        foreach (WeakReference<Member> weak in _members)
        {
            if (weak.TryGetTarget(out Member? member) && member.Interval < shortest)
            {
                shortest = member.Interval;
            }
        }

        return shortest / ChecksPerInterval;
    }

    private void StopIfAlone_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_members.Count == 0)
        {
            _timer?.Dispose();
            _timer = null;
        }
    }

    /// <summary>
    /// What one cache wants of the watch, and tells it. The watch holds it weakly: it ends with its cache.
    /// </summary>
    public sealed record Member
    {
        /// <summary>The least time between two idle releases.</summary>
        public required TimeSpan Interval { get; init; }

        /// <summary>Bytes that the process has to hold beyond need for a release to be worth it.</summary>
        public required long MinimumBytes { get; init; }

        /// <summary>Bytes in the cache now; 0 where it does not count bytes.</summary>
        public required Func<long> UsedBytes { get; init; }

        /// <summary>Told what a release came to. Must not throw.</summary>
        public required Action<ReleaseResult> OnReleased { get; init; }
    }

    /// <summary>The process at one check.</summary>
    private readonly record struct IdleReading
    {
        public long Timestamp { get; init; }

        public long HeldBytes { get; init; }

        public long NeededBytes { get; init; }

        public long AllocatedEver { get; init; }

        public int FullCollections { get; init; }
    }
}
