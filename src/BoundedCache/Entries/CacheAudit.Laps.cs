using System.Diagnostics;
using BoundedCache.Engine;

namespace BoundedCache.Entries;

/// <content>The pieces of the work: laps over the table, and slices of time.</content>
internal sealed partial class CacheAudit
{
    /// <summary>A walk over the table, which takes many slices.</summary>
    private sealed class Lap(bool isHot)
    {
        private long _found;
        private long _foundBefore;
        private long _uncharged;
        private long _unchargedBefore;

        public bool IsHot { get; } = isHot;

        /// <summary>The slot to go on with.</summary>
        public int Next { get; set; }

        public bool IsUnderWay { get; set; }

        /// <summary>When it began, as a stopwatch's timestamp; 0 for never.</summary>
        public long StartedAt { get; private set; }

        /// <summary>What the cache had done when it began.</summary>
        public long Activity { get; private set; } = -1;

        /// <summary>Laps since the cache last did something.</summary>
        public int Quiet { get; private set; }

        /// <summary>Bytes by which values had grown, in this lap or the last one: the larger number.</summary>
        public long FoundBytes => Math.Max(Volatile.Read(ref _found), Volatile.Read(ref _foundBefore));

        /// <summary>Those of them that nobody was charged, in this lap or the last one: the larger number.</summary>
        public long UnchargedBytes => Math.Max(Volatile.Read(ref _uncharged), Volatile.Read(ref _unchargedBefore));

        public void Begin(long activity)
        {
            Quiet = activity == Activity ? Quiet + 1 : 0;
            (Activity, StartedAt, Next, IsUnderWay) = (activity, Stopwatch.GetTimestamp(), 0, true);
            (_foundBefore, _found, _unchargedBefore, _uncharged) = (_found, 0, _uncharged, 0);
        }

        public void AddFound(long bytes) => Volatile.Write(ref _found, _found + bytes);

        public void AddUncharged(long bytes) => Volatile.Write(ref _uncharged, _uncharged + bytes);
    }

    /// <summary>One piece of work, and what it found.</summary>
    private sealed class Slice(TimeSpan budget, bool charges)
    {
        private long _started;

        public long Number { get; set; }

        /// <summary>Whether it measures what is due and what is not.</summary>
        public bool IsWhole { get; init; }

        /// <summary>Whether it charges what it finds.</summary>
        public bool Charges { get; } = charges;

        public bool IsOver => End.IsCancellationRequested
            || (budget != TimeSpan.MaxValue && Stopwatch.GetElapsedTime(_started) >= budget);

        public long FoundBytes { get; private set; }

        /// <summary>Cancelled when no measurement may go on. Only where somebody waits for the slice before.</summary>
        public required CancellationToken End { get; init; }

        /// <summary>Whether it ended before all was done that it began.</summary>
        public bool IsCut { get; set; }

        /// <summary>The lap that it goes on with.</summary>
        public Lap? Lap { get; set; }

        public List<Grown> Grown { get; } = [];

        public List<SlotRef> Hot { get; } = [];

        /// <summary>A walk over all values that grew and can be walked to their ends.</summary>
        public JointWalk Joint { get; } = new();

        public void Begin() => _started = Stopwatch.GetTimestamp();

        public void Found(long growth, Lap? lap)
        {
            FoundBytes += growth;
            if (Charges)
            {
                lap?.AddFound(growth);
            }
        }
    }
}
