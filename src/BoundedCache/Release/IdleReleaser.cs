using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// Watches the process, and releases gently when it was quiet for a while and held much more memory than it needs.
/// There is one for each clock, so one for each process. Its timer runs while a cache that wants it lives.
/// </summary>
/// <remarks>
/// <para>
/// <b>Held</b> is the resident part of the managed heap: what the last collection left committed. A background
/// collection reports less than is committed; after one, held is anonymous memory less what was last known to be
/// native. <b>Needed</b> is what survived the last collection of the whole heap, less what left the caches since.
/// <b>Quiet</b> is a process that allocates less than 1 MiB a second and collects no whole heap.
/// </para>
/// <para>Lock: <c>_lock</c> guards the members and the timer. No user code but <c>TimeProvider.CreateTimer</c> runs
/// under it.</para>
/// </remarks>
internal sealed class IdleReleaser(MemoryReleaser releaser, ProcessMemory memory, TimeProvider time)
{
    private const int ChecksPerInterval = 6;
    private const int CalmChecks = 3;
    private const long QuietBytesPerSecond = 1024 * 1024;

    private static readonly ConditionalWeakTable<TimeProvider, IdleReleaser> s_releasers = [];
    private static readonly TimeSpan s_longestPeriod = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly WeakList<Member> _members = new();
    private WeakTimer<IdleReleaser>? _timer;
    private int _isChecking;

    // Used only by the checks, which do not overlap.
    private IdleReading _last;
    private long? _nativeBytes;
    private long _usedAtFull;
    private long _fullIndex;
    private int _calm;
    private long _leftBytes;
    private long? _releasedAt;

    /// <summary>The releaser for a clock.</summary>
    public static IdleReleaser Shared(TimeProvider time) =>
        s_releasers.GetValue(
            time, static clock => new IdleReleaser(MemoryReleaser.Shared, ProcessMemory.Shared, clock));

    /// <summary>Takes a cache into account for as long as the member lives.</summary>
    public void Join(Member member)
    {
        lock (_lock)
        {
            _members.Add(member);
            TimeSpan period = Period_NeedsLock();
            if (_timer is null)
            {
                _timer = new WeakTimer<IdleReleaser>(time, this, static releaser => releaser.Tick(), period, period);
            }
            else
            {
                _timer.Change(period, period);
            }
        }
    }

    /// <summary>Stops taking a member into account.</summary>
    public void Leave(Member member)
    {
        // The cache is disposed, and nobody would do it later.
        using (_lock.EnterAlways())
        {
            _members.Remove(member);
            StopIfAlone_NeedsLock();
        }
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "On a timer it would end the process. It is logged, and tried again.")]
    private void Tick()
    {
        if (Interlocked.Exchange(ref _isChecking, 1) != 0)
        {
            return;
        }

        Member[] members = [];
        bool hasBegun = false;
        try
        {
            members = Alive();
            hasBegun = members.Length > 0 && Check(members);
        }
        catch (Exception failure)
        {
            TellFailure(members, failure);
        }
        finally
        {
            if (!hasBegun)
            {
                Volatile.Write(ref _isChecking, 0);
            }
        }
    }

    /// <returns>Whether a release began; the next check may come when it ends.</returns>
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
        var request = new ReleaseRequest
        {
            ExpectedBytes = excess,
            Mode = ReleaseMode.Gentle,
            Forced = true,
            IsOwed = false,
        };
        releaser.ReleaseAsync(request, CancellationToken.None).ContinueWith(
            task => Conclude(task, members),
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);
        return true;
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "Nobody waits for this task: the failure would be lost. It is logged.")]
    private void Conclude(Task<ReleaseResult> task, Member[] members)
    {
        ReleaseResult? released = task.IsCompletedSuccessfully ? task.Result : null;
        Exception? failed = task.Exception?.InnerException;
        try
        {
            if (released is not null)
            {
                IdleReading after = Read(members);
                if (released is { Outcome: not ReleaseOutcome.Skipped, EndedEarly: false })
                {
                    // The rest is pinned, or kept by the runtime: the same release again would bring no more.
                    _leftBytes = Math.Max(0, after.HeldBytes - after.NeededBytes);
                }

                _last = after;
            }
        }
        catch (Exception failure)
        {
            failed = failure;
        }
        finally
        {
            // Before the members are told: that may take long, or throw, and the checks must go on.
            Volatile.Write(ref _isChecking, 0);
        }

        if (released is not null)
        {
            members[0].OnReleased(released);
        }

        if (failed is not null)
        {
            TellFailure(members, failed);
        }
    }

    private static void TellFailure(Member[] members, Exception failure)
    {
        if (members.Length > 0)
        {
            members[0].OnFailed(failure);
        }
    }

    private IdleReading Read(Member[] members)
    {
        IGarbageCollector collector = memory.Collector;
        ProcessMemorySnapshot snapshot = memory.TakeSnapshot();
        GCReading last = collector.ReadLast();
        GCReading full = collector.ReadLastFull();
        long occupied = ReleaseMeasurement.Occupied(snapshot);
        long used = members.Aggregate(
            0L, static (sum, member) => ReleaseRequest.AddSaturating(sum, member.UsedBytes()));
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
        if (_members.Count == 0)
        {
            _timer?.Stop();
            _timer = null;
        }
    }

    /// <summary>
    /// What one cache wants of the releaser, and how that reports to it. Held weakly: it ends with its cache.
    /// </summary>
    public sealed record Member
    {
        /// <summary>The minimum time between two idle releases.</summary>
        public required TimeSpan Interval { get; init; }

        /// <summary>Bytes that the process must hold beyond its need before a release is worth it.</summary>
        public required long MinimumBytes { get; init; }

        /// <summary>Bytes in the cache now; 0 where it does not count bytes.</summary>
        public required Func<long> UsedBytes { get; init; }

        /// <summary>Called with the result of a release. Must not throw.</summary>
        public required Action<ReleaseResult> OnReleased { get; init; }

        /// <summary>Called with what a check or a release threw: the clock is user code. Must not throw.</summary>
        public required Action<Exception> OnFailed { get; init; }
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
