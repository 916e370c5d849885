using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <content>Evicting and releasing, on another thread.</content>
internal sealed partial class MemoryPressure
{
    private void EndAct(Yield? yield)
    {
        using (_lock.EnterAlways())
        {
            _acting--;
            _outcome = yield ?? _outcome;
        }
    }

    /// <summary>What caches have to give up, and what came of it.</summary>
    /// <remarks>What is set later is written by the thread that evicts, and after its end under the lock.</remarks>
    private sealed class Yield(List<PressureMember> members, in MemoryUse use, long ownBytes, long fullIndex)
    {
        public List<PressureMember> Members => members;

        /// <summary>The limit, and what was used of it before.</summary>
        public MemoryUse Use { get; } = use;

        /// <summary>What the process held before.</summary>
        public long OwnBytes => ownBytes;

        /// <summary>The last collection of the whole heap that was looked at.</summary>
        public long FullIndex { get; set; } = fullIndex;

        /// <summary>Collections that had begun when the last entry was evicted. They may have kept it.</summary>
        public long Begun { get; set; }

        public long EvictedBytes { get; set; }
    }

    /// <summary>
    /// One yield, one release, or both. Once it is made it needs no memory to end: otherwise limits would never rise
    /// again.
    /// </summary>
    private sealed class Act
    {
        private readonly MemoryPressure _owner;
        private readonly Yield? _yield;
        private readonly PressureRelease _release;
        private readonly Action _run;
        private readonly Action _end;
        private bool _isEnded;

        public Act(MemoryPressure owner, Yield? yield, PressureRelease release)
        {
            (_owner, _yield, _release) = (owner, yield, release);
            (_run, _end) = (Run, End);
        }

        [SuppressMessage(
            "Design", "CA1031", Justification = "All that can fail is starting a thread; the next look tries again.")]
        public void Start()
        {
            try
            {
                _owner._run(_run);
            }
            catch (Exception)
            {
                // No thread, or no memory for one, however a scheduler wraps that. The writer, or the timer, must not
                // fail for it.
                End();
            }
        }

        private void Run()
        {
            try
            {
                if (_yield is not null)
                {
                    Evict(_yield);
                }

                _owner._release(_release, _end);
            }
            catch (OutOfMemoryException)
            {
                // The next look tries again.
                End();
            }
            catch
            {
                // Otherwise limits would never rise again.
                End();
                throw;
            }
        }

        private void Evict(Yield yield)
        {
            foreach (PressureMember member in yield.Members)
            {
                // The thread is the library's, and tokens of entries are user code, which may be interrupted late.
                Endurance.Run(() => yield.EvictedBytes += member.Cache.EvictDownToLimit());
                yield.Begun = _owner._reader.Begun;
            }
        }

        private void End()
        {
            if (!Interlocked.Exchange(ref _isEnded, true))
            {
                _owner.EndAct(_yield);
            }
        }
    }
}
