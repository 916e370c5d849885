using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Absolute and sliding expiration, tokens that fire, and the scan, together with readers, writers and a moving limit.
/// </summary>
[Collection(StressTests.Name)]
public class ExpirationStressTests
{
    private const int KeyCount = 2000;
    private const int Writers = 2;

    [Theory]
    [InlineData(KeyKind.Strings, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Strings, EvictionPolicy.ScanResistant)]
    [InlineData(KeyKind.Mixed, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Mixed, EvictionPolicy.ScanResistant)]
    public void No_reader_gets_what_was_expired_before_it_asked_and_each_entry_goes_once(
        KeyKind kind, EvictionPolicy policy) => Run(kind, policy, TimeSpan.FromSeconds(2));

    [SoakTheory]
    [Trait("Category", "Soak")]
    [InlineData(KeyKind.Mixed, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Mixed, EvictionPolicy.ScanResistant)]
    public void No_reader_gets_what_was_expired_before_it_asked_for_long(KeyKind kind, EvictionPolicy policy)
    {
        for (TimeSpan left = Soak.Duration!.Value; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(5))
        {
            Run(kind, policy, TimeSpan.FromSeconds(5));
        }
    }

    internal static void Run(KeyKind kind, EvictionPolicy policy, TimeSpan duration)
    {
        var time = new ManualTimeProvider();
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = KeyCount * 100,
            Sizing = EntrySizing.Declared,
            EvictionPolicy = policy,
            ReleaseMode = ReleaseMode.None,
            TimeProvider = time,
            ExpirationScanFrequency = TimeSpan.FromSeconds(10),
        });
        var population = new Population(cache, kind, KeyCount, Writers);
        var watch = new LimitWatch(cache);
        var fates = new Fates();
        new Crowd()
            .Add("reader", 2, _ =>
            {
                long[] seen = new long[KeyCount];
                LimitWatch.Look look = watch.NewLook();
                return random =>
                {
                    long now = time.GetUtcNow().UtcTicks;
                    long clock = fates.Now;
                    if (population.Read(random, seen) is { } value)
                    {
                        fates.CheckAlive(value, now, clock);
                    }

                    look.Check();
                };
            })
            .Add("writer", Writers, writer => random =>
            {
                population.Write(writer, random, (entry, value) => fates.Give(entry, value, random, time.GetUtcNow()));
            })
            .Add("clock", random =>
            {
                time.Advance(TimeSpan.FromSeconds(random.Next(1, 4)));
                Thread.Yield();
            })
            .Add("tokens", random =>
            {
                fates.FireOne(random);
                Thread.Yield();
            })
            .Add("resizer", random =>
            {
                watch.SetLimit(random.NextInt64(KeyCount * 10, KeyCount * 100));
                Thread.Yield();
            })
            .Run(duration);
        population.CheckAtEnd();
        Assert.Equal(0, fates.Subscriptions);
    }

    /// <summary>When and why values should expire.</summary>
    private sealed class Fates
    {
        private readonly System.Runtime.CompilerServices.ConditionalWeakTable<Stamped, Fate> _fates = [];
        private readonly Source?[] _sources = new Source?[256];
        private long _clock;
        private int _subscriptions;

        /// <summary>A clock of token changes.</summary>
        public long Now => Volatile.Read(ref _clock);

        /// <summary>Registrations with tokens that are not disposed yet.</summary>
        public int Subscriptions => Volatile.Read(ref _subscriptions);

        public void Give(ICacheEntry entry, Stamped value, Random random, DateTimeOffset now)
        {
            var fate = new Fate();
            int kinds = random.Next(8);
            if ((kinds & 1) != 0)
            {
                entry.AbsoluteExpiration = now + TimeSpan.FromSeconds(random.Next(1, 60));
                fate.Deadline = entry.AbsoluteExpiration.Value.UtcTicks;
            }

            if ((kinds & 2) != 0)
            {
                entry.SlidingExpiration = TimeSpan.FromSeconds(random.Next(1, 30));
            }

            if (kinds == 4)
            {
                fate.Source = new Source(this, polled: random.Next(3) == 0);
                entry.AddExpirationToken(fate.Source);
                _sources[random.Next(_sources.Length)] = fate.Source;
            }

            _fates.Add(value, fate);
        }

        public void FireOne(Random random)
        {
            int place = random.Next(_sources.Length);
            if (Interlocked.Exchange(ref _sources[place], null) is { } source)
            {
                source.Fire();
                source.FiredAt = Interlocked.Increment(ref _clock);
            }
        }

        public void CheckAlive(Stamped value, long now, long clock)
        {
            if (_fates.TryGetValue(value, out Fate? fate))
            {
                Assert.True(now < fate.Deadline, $"{value} was expired and was found");
                Assert.True(
                    fate.Source is not { FiredAt: > 0 and var at } || at > clock,
                    $"{value}'s token had fired, and it was found");
            }
        }

        private sealed class Fate
        {
            public long Deadline { get; set; } = long.MaxValue;

            public Source? Source { get; set; }
        }

        /// <summary>A token that counts its subscriptions.</summary>
        private sealed class Source(Fates fates, bool polled) : IChangeToken
        {
            private readonly CancellationTokenSource _source = new();
            private long _firedAt;

            /// <summary>The time, by the clock of changes, at which it had certainly fired; 0 before.</summary>
            public long FiredAt { get => Volatile.Read(ref _firedAt); set => Volatile.Write(ref _firedAt, value); }

            public bool HasChanged => _source.IsCancellationRequested;

            public bool ActiveChangeCallbacks => !polled;

            public void Fire() => _source.Cancel();

            public IDisposable RegisterChangeCallback(Action<object?> callback, object? state)
            {
                Interlocked.Increment(ref fates._subscriptions);
                return new Subscription(fates, _source.Token.UnsafeRegister(callback, state));
            }
        }

        private sealed class Subscription(Fates fates, CancellationTokenRegistration registration) : IDisposable
        {
            public void Dispose()
            {
                registration.Dispose();
                Interlocked.Decrement(ref fates._subscriptions);
            }
        }
    }
}
