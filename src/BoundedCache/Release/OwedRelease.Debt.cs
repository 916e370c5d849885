namespace BoundedCache.Release;

internal sealed partial class OwedRelease
{
    /// <summary>What is owed to the callers of one cache.</summary>
    private sealed class Debt(ReleaseRequest request, long since)
    {
        public ReleaseRequest Request { get; } = request;

        public long Since { get; set; } = since;

        public ReleaseObstacle Obstacle { get; set; }

        /// <summary>Runs that served it after the one, or the refusal, that it is owed for.</summary>
        public int Tries { get; set; }

        /// <summary>Of these, the runs since the cache's last request: each request is tried as often.</summary>
        public int TriesSinceRequest => Tries - TriesBefore;

        private int TriesBefore { get; init; }

        /// <summary>The cache's last shrink, where only a release was asked for since; it is told as well.</summary>
        public IReleaseObserver? Shrink { get; private init; }

        /// <summary>Whether that was asked for before the run that this was added for.</summary>
        public bool IsShrinkEarlier { get; private init; }

        /// <summary>Who is told that it is owed no longer.</summary>
        /// <param name="isOfRun">Whether the caller gets the run's result from elsewhere.</param>
        public IEnumerable<IReleaseObserver> ToTell(bool isOfRun)
        {
            IReleaseObserver?[] observers =
                [isOfRun ? null : Request.Observer, isOfRun && !IsShrinkEarlier ? null : Shrink];
            return observers.OfType<IReleaseObserver>();
        }

        /// <summary>This one and an earlier one of the same cache as one: the stronger of their wishes.</summary>
        public Debt After(Debt earlier, bool isSameRun)
        {
            ReleaseRequest before = earlier.Request;
            bool isShrinkLast = before.Observer is { IsShrink: true };
            return new Debt(
                Request with
                {
                    Mode = Request.Mode > before.Mode ? Request.Mode : before.Mode,
                    TrimNative = Request.TrimNative || before.TrimNative,
                    ReadCaches = Request.ReadCaches ?? before.ReadCaches,
                },
                earlier.Since)
            {
                Obstacle = earlier.Obstacle,
                Tries = earlier.Tries,
                TriesBefore = earlier.Tries,
                Shrink = Request.Observer is { IsShrink: true } ? null
                    : isShrinkLast ? before.Observer
                    : earlier.Shrink,
                IsShrinkEarlier = !isSameRun || (!isShrinkLast && earlier.IsShrinkEarlier),
            };
        }

        /// <summary>Null once they were seen to have ended.</summary>
        public Func<TimeSpan, bool>? WaitForCallbacks { get; set; } = request.WaitForCallbacks;

        /// <summary>Whether callbacks held values when the last run began to collect, or still do.</summary>
        public bool IsHeld { get; set; }
    }
}
