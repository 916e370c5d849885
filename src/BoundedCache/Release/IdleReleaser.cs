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
    private readonly WeakList<Member> _members = new();
    private WeakTimer<IdleReleaser>? _timer;
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
            _members.Add(member);
            TimeSpan period = Period_NeedsLock();
            if (_timer is null)
            {
                _timer = new WeakTimer<IdleReleaser>(time, this, static watch => watch.Tick(), period, period);
            }
            else
            {
                _timer.Change(period, period);
            }
        }
    }

    /// <summary>Ends a member's part in it.</summary>
    public void Leave(Member member)
    {
        lock (_lock)
        {
            _members.Remove(member);
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
        ReleaseResult? released = task.IsCompletedSuccessfully ? task.Result : null;
        if (released is not null)
        {
            // What stayed is pinned, or kept by the runtime: asking for the same again would bring no more.
            IdleReading after = Read(members);
            _leftBytes = Math.Max(0, after.HeldBytes - after.NeededBytes);
            _last = after;
        }

        // Before anybody is told: what is told may take long, or throw, and the checks go on.
        Volatile.Write(ref _isChecking, 0);
        if (released is not null)
        {
            members[0].OnReleased(released);
        }
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
            List<Member> alive = _members.ToList();
            StopIfAlone_NeedsLock();
            return [.. alive];
        }
    }

    private TimeSpan Period_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        TimeSpan shortest = s_longestPeriod * ChecksPerInterval;
        foreach (Member member in _members)
        {
            shortest = member.Interval < shortest ? member.Interval : shortest;
        }

        return shortest / ChecksPerInterval;
    }

    private void StopIfAlone_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_members.Capacity == 0)
        {
            _timer?.Stop();
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
