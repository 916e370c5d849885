using BoundedCache.TestSupport;

namespace BoundedCache.Tests;

/// <summary>Interrupts threads where they wait for a lock that a test holds.</summary>
internal static class Interrupted
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Runs work on a thread, interrupts it where it waits for what the test holds, and frees that. The work must end
    /// as if nothing had happened, and its thread stays interrupted.
    /// </summary>
    public static void Endures(Action work, Action free)
    {
        Exception? thrown = null;
        bool isInterrupted = false;
        var thread = new Thread(() =>
        {
            thrown = Record.Exception(work);
            isInterrupted = Record.Exception(static () => Thread.Sleep(1)) is ThreadInterruptedException;
        });
        thread.Start();
        Assert.True(SpinWait.SpinUntil(
            () => (thread.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0, s_patience));
        thread.Interrupt();
        Assert.False(thread.Join(TimeSpan.FromMilliseconds(20)) && thrown is null, "It did not wait.");
        free();
        Assert.True(thread.Join(s_patience));
        Assert.Null(thrown);
        Assert.True(isInterrupted);
    }

    /// <summary>A clock that holds a thread up where it first looks at it or asks for a timer.</summary>
    public sealed class Clock : TimeProvider
    {
        private readonly ManualResetEventSlim _isHeld = new();
        private readonly ManualResetEventSlim _mayGo = new();
        private Thread? _thread;

        public ManualTimeProvider Time { get; } = new();

        public override long TimestampFrequency => Time.TimestampFrequency;

        /// <summary>Runs work on another thread, up to there.</summary>
        public void Hold(Action work)
        {
            var thread = new Thread(() => work());
            _thread = thread;
            thread.Start();
            Assert.True(_isHeld.Wait(s_patience));
        }

        /// <summary>Lets it end.</summary>
        public void Free()
        {
            _mayGo.Set();
            Assert.True(_thread!.Join(s_patience));
        }

        public override DateTimeOffset GetUtcNow() => Time.GetUtcNow();

        public override long GetTimestamp()
        {
            Wait();
            return Time.GetTimestamp();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Wait();
            return Time.CreateTimer(callback, state, dueTime, period);
        }

        private void Wait()
        {
            if (Thread.CurrentThread == _thread)
            {
                _isHeld.Set();
                _mayGo.Wait(s_patience);
            }
        }
    }
}
