using BoundedCache.Engine;
using BoundedCache.Report;

namespace BoundedCache.Release;

internal sealed partial class ShrinkOperation
{
    /// <summary>What the operation needs of a cache.</summary>
    internal interface ICache
    {
        string Name { get; }

        /// <summary>What its limit and its entries are counted in.</summary>
        EntrySizing Sizing => EntrySizing.Measured;

        CacheEngine Engine { get; }

        /// <summary>The limit that was set. The one that holds may be less, under memory pressure.</summary>
        long MaxMemory => Engine.MaxBytes;

        /// <summary>Sets the limit, which holds when this returns, and answers the one before.</summary>
        long SetMaxMemory(long maxMemory) => Engine.SetMaxBytes(maxMemory);

        MemoryReleaser Releaser { get; }

        /// <summary>Whether releases may ask the native allocator for its free memory.</summary>
        bool TrimNative { get; }

        /// <summary>Whether this thread runs an eviction callback, of any cache.</summary>
        bool IsInCallback { get; }

        /// <summary>Bytes that left the cache since the last call. Each byte is returned once.</summary>
        long TakeLeftBytes();

        /// <summary>Reports to the pacer what came and left.</summary>
        void Pace();

        /// <summary>What leaves the cache from now on is no reason for pacing to collect, for a bounded time.</summary>
        void SuspendPacing();

        /// <summary>Gives it that time again.</summary>
        void KeepPacingSuspended();

        /// <summary>Ends that. The pacer counts what left, and begins no collection.</summary>
        void ResumePacing();

        /// <summary>Entries whose charge may not be what they keep alive, because their value can change.</summary>
        int UncertainEntries { get; }

        /// <summary>Measures the likeliest of them again, for a bounded time, and charges what it finds.</summary>
        void Reexamine();

        /// <summary>The cache, weakly, and always the same object.</summary>
        WeakReference<ICache> Self { get; }

        /// <summary>
        /// A wait, for a time, for the eviction callbacks that are queued or running now; it returns whether they
        /// ended, and does not hold the cache. Null where there are none.
        /// </summary>
        Func<TimeSpan, bool>? MarkCallbacks();

        /// <summary>What all caches of the process hold. Used on the releaser's thread.</summary>
        Func<CacheShare> ReadCaches { get; }

        /// <summary>
        /// Says, and logs, where this process cannot hold the limits of its caches; empty where it can.
        /// </summary>
        IReadOnlyList<string> CheckRoom();

        /// <summary>The limit was raised; no other step follows.</summary>
        void OnRaised(long oldMax, long newMax);

        /// <summary>The limit was set to its old value or less; eviction begins.</summary>
        void OnShrinking();

        /// <summary>A release ended that served this cache, and maybe others.</summary>
        void OnReleased(ReleaseResult release);

        /// <summary>The operation ended.</summary>
        /// <param name="report">What it did.</param>
        /// <param name="isShrink">Whether it set the limit.</param>
        void OnReport(ShrinkReport report, bool isShrink);

        /// <summary>A release that was owed to an operation ended, or is given up.</summary>
        /// <param name="report">The operation's report, with what came of it in the end.</param>
        /// <param name="end">How it ended.</param>
        void OnOwedReport(ShrinkReport report, OwedEnd end);

        /// <summary>A release that was owed to an operation failed, and is tried again.</summary>
        void OnOwedFailure(Exception failure);
    }
}
