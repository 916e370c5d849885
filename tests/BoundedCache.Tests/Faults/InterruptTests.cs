using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.Tests.Disposal;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Faults;

/// <summary>
/// Threads that are interrupted while they wait for a lock. The exception is theirs; what they had begun must end all
/// the same, and others must not notice.
/// </summary>
public sealed class InterruptTests
{
    private const int Entries = 3 * SlotStore.ChunkSize;

    [Fact]
    public void Entries_move_again_after_a_walk_whose_end_is_interrupted()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(Entries);
        Fill(test);
        bool isPending = false;
        Interruption.Next(Hold(test), reach =>
        {
            // No entry matches, so the end is the next to take the lock after the last look; and each look but the
            // last takes it again.
            int looks = 0;
            Assert.Equal(0, test.Cache.RemoveWhere(_ =>
            {
                if (++looks == Entries)
                {
                    reach();
                }

                return false;
            }));
            isPending = Interruption.IsPending();
        });

        Assert.True(isPending);
        for (int i = 0; i < Entries; i++)
        {
            if (i % 10 != 0)
            {
                test.Cache.Remove(i);
            }
        }

        test.Cache.Engine.Trim();
        Assert.Equal(1, test.Cache.Engine.Allocator.ChunkCount);
    }

    [Fact]
    public void Expired_entries_that_have_left_are_told_of()
    {
        int interrupted = 0;
        Interruption.Until(() =>
        {
            using CacheUnderTest test = CacheUnderTest.OfEntries(Entries);
            Fill(test, static entry => entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1));
            test.Time.Advance(TimeSpan.FromMinutes(1));
            bool isInterrupted = false;
            var worker = new Thread(() => isInterrupted = Interruption.Ends(() => test.Cache.Compact(0)));
            Interruption.Where(
                test.Cache.Engine.Lock, worker, () => test.Cache.Engine.Account.Count is > 0 and < Entries);
            Assert.Equal(Entries - test.Cache.Count, test.TakeDepartures().Length);
            interrupted += isInterrupted ? 1 : 0;

            // The lock is taken in turns, and every other time nothing has left that is not told of.
            return interrupted == 3;
        });
    }

    [Fact]
    public void A_disposal_goes_on_to_its_end()
    {
        using var meters = new Meters();
        var test = new CacheUnderTest(static options => options.DisposeValues = true, meters: meters);
        var value = new Value();
        test.Set("value", value, static entry => entry.SetAbsoluteExpiration(TimeSpan.FromMinutes(1)));
        bool isPending = false;
        Interruption.Next(Hold(test), reach =>
        {
            test.Cache.DisposeWithCache(new Companion(reach));
            test.Cache.Dispose();
            isPending = Interruption.IsPending();
        });

        Assert.True(isPending);
        Assert.Equal((0, 1, 0), (test.Cache.Count, value.Disposals, test.Time.ActiveTimers));
        Assert.Equal(0, CacheInstruments.GetOrCreate(meters).Caches.Count);
        test.Dispose();
    }

    [Fact]
    public void A_value_that_was_refused_is_not_disposed_when_another_entry_of_it_leaves()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        var value = new Value();
        test.Set("kept", value, static entry => entry.DisposeValueOnRemoval());
        bool isPending = false;
        Interruption.Next(HoldLock(LockOf(ValuesOf(test.Cache))), reach =>
        {
            // The token is asked for its callbacks after the entry was counted and before it is refused.
            using (ICacheEntry entry = test.Cache.CreateEntry("refused"))
            {
                entry.Value = value;
                entry.Size = 11;
                entry.DisposeValueOnRemoval();
                entry.AddExpirationToken(new Token { OnRegister = reach });
            }

            isPending = Interruption.IsPending();
        });

        Assert.True(isPending);
        test.Cache.Remove("kept");
        test.TakeDepartures();
        Assert.Equal(0, value.Disposals);
    }

    [Fact]
    public void A_value_is_disposed_though_the_thread_on_which_it_leaves_is_interrupted()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        var value = new Value();
        bool isPending = false;
        Interruption.Next(HoldLock(LockOf(ValuesOf(test.Cache))), reach =>
        {
            test.Cache.DisposeWithCache(new Companion(reach));
            test.Set("value", value, static entry => entry.DisposeValueOnRemoval());
            test.Cache.Dispose();
            isPending = Interruption.IsPending();
        });

        Assert.True(isPending);
        Assert.Equal((0, 1), (test.Cache.Count, value.Disposals));
    }

    [Fact]
    public void A_value_that_was_stored_is_the_answer()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        (int answer, bool isPending) = (0, false);
        Interruption.Next(HoldLock(LockOfWaits(default)), reach =>
        {
            answer = test.Cache.GetOrCreate("key", entry =>
            {
                entry.Size = 1;
                reach();
                return 7;
            });
            isPending = Interruption.IsPending();
        });

        Assert.Equal((7, true), (answer, isPending));
        Assert.Equal(7, test.Cache.Get("key"));
    }

    [Fact]
    public void A_factory_that_others_wait_for_runs()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(10);
        (int answer, bool isPending) = (0, false);

        // The key of another flight is compared with this one's where it is looked for, and where its flight is added.
        using var isBegun = new ManualResetEventSlim();
        using var isOver = new ManualResetEventSlim();
        var otherKey = new HookedKey();
        var other = new Thread(() => test.Cache.GetOrCreate(otherKey, entry =>
        {
            entry.Size = 1;
            isBegun.Set();
            return isOver.Wait(Interruption.Patience);
        }));
        other.Start();
        Assert.True(isBegun.Wait(Interruption.Patience));
        Interruption.Next(Hold(test), reach =>
        {
            int looks = 0;
            otherKey.OnEquals = () =>
            {
                if (++looks == 2)
                {
                    reach();
                }
            };
            answer = test.Cache.GetOrCreate(new HookedKey(), entry =>
            {
                entry.Size = 1;
                otherKey.OnEquals = null;
                return 7;
            });
            isPending = Interruption.IsPending();
        });

        isOver.Set();
        Assert.True(other.Join(Interruption.Patience));
        Assert.Equal((7, true), (answer, isPending));
    }

    private static void Fill(CacheUnderTest test, Action<ICacheEntry>? describe = null)
    {
        for (int i = 0; i < Entries; i++)
        {
            test.Set(i, i, describe);
        }
    }

    private static Action<Action> Hold(CacheUnderTest test) => action =>
    {
        using (test.Cache.Engine.Lock.Enter())
        {
            action();
        }
    };

    private static Action<Action> HoldLock(Lock held) => action =>
    {
        lock (held)
        {
            action();
        }
    };

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_values")]
    private static extern ref ValueDisposer ValuesOf(BoundedMemoryCache cache);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_lock")]
    private static extern ref Lock LockOf(ValueDisposer values);

    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = "s_lock")]
    private static extern ref Lock LockOfWaits(FlightWait _);

    /// <summary>What a cache disposes first.</summary>
    private sealed class Companion(Action onDispose) : IDisposable
    {
        private Action? _onDispose = onDispose;

        public void Dispose() => Interlocked.Exchange(ref _onDispose, null)?.Invoke();
    }

    /// <summary>Keys with one hash code, none of which is equal to another.</summary>
    private sealed class HookedKey
    {
        public Action? OnEquals { get; set; }

        public override bool Equals(object? obj)
        {
            OnEquals?.Invoke();
            return ReferenceEquals(this, obj);
        }

        public override int GetHashCode() => 1;
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(static meter => meter.Dispose());
    }
}
