using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>
/// Small histories whose result was worked out by hand. The model and the cache must both give it, so
/// the two cannot be wrong together.
/// </summary>
public sealed class KnownAnswerTests
{
    /// <summary>
    /// Steps, separated by spaces: <c>a3</c> stores a with a size of 3, <c>?a</c> reads it, <c>-a</c> removes it,
    /// <c>=5</c> sets the limit. Expected: the keys from the most to the least recently used, and those removed by
    /// eviction (c), replacement (r), removal (x) or refusal (c), in order of time; those of one step by letter.
    /// </summary>
    [Theory]
    [InlineData(3, "a1 b1 c1", "cba", "")]
    [InlineData(3, "a1 b1 c1 d1", "dcb", "ca")]
    [InlineData(3, "a1 b1 c1 ?a d1", "dac", "cb")]
    [InlineData(3, "a1 b1 c1 ?a ?b ?a d1 e1", "eda", "cc cb")]
    [InlineData(3, "a1 b1 c1 ?x d1", "dcb", "ca")]
    [InlineData(3, "a1 b1 a1 c1 d1", "dca", "ra cb")]
    [InlineData(6, "a1 b2 c3 d3", "dc", "ca cb")]
    [InlineData(6, "a1 b2 c3 a3", "ac", "cb ra")]
    [InlineData(6, "a1 b2 c3 a7", "cb", "ca ra")]
    [InlineData(6, "a1 b2 c3 d7", "cba", "cd")]
    [InlineData(6, "a1 b2 c3 -b d2", "dca", "xb")]
    [InlineData(6, "a1 b2 c3 =5", "cb", "ca")]
    [InlineData(6, "a1 b2 c3 ?a =4", "ac", "cb")]
    [InlineData(6, "a1 b2 c3 =1 =6 a1", "a", "ca cb cc")]
    [InlineData(6, "a1 b2 c3 =1 a1 b2", "a", "ca cb cc cb")]
    [InlineData(4, "a0 b4 c0 d1", "dc", "ca cb")]
    public void The_outcome_is_as_worked_out_by_hand(int limit, string steps, string keys, string departures)
    {
        List<string> left = [];
        using CacheUnderTest test = CacheUnderTest.OfEntries(limit);
        var model = new NaiveLru(limit);
        List<string> leftModel = [];
        foreach (string step in steps.Split(' '))
        {
            string key = step.TrimStart('?', '-', '=')[..1];
            switch (step[0])
            {
                case '?':
                    Assert.Equal(model.TryGet(key, 0, out _), test.Has(key));
                    break;
                case '-':
                    test.Cache.Remove(key);
                    model.Remove(key);
                    break;
                case '=':
                    test.Cache.MaxMemory = step[1] - '0';
                    model.SetMaxBytes(step[1] - '0');
                    break;
                default:
                    test.Set(key, step, entry => entry.Size = step[1] - '0');
                    model.Set(key, step, step[1] - '0', CacheItemPriority.Normal, 0);
                    break;
            }

            left.AddRange(test.TakeDepartures().Select(Describe).Order(StringComparer.Ordinal));
            leftModel.AddRange(model.TakeDepartures().Select(Describe).Order(StringComparer.Ordinal));
        }

        Assert.Equal(keys, string.Concat(test.Cache.Engine.KeysInOrder(CacheItemPriority.Normal)));
        Assert.Equal(keys, string.Concat(model.KeysInOrder(CacheItemPriority.Normal)));
        Assert.Equal(departures, string.Join(' ', left));
        Assert.Equal(departures, string.Join(' ', leftModel));
    }

    /// <summary>
    /// A textbook LRU in a dozen lines, over a hundred thousand requests of a skewed workload with sizes in bytes.
    /// </summary>
    [Theory]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    [InlineData(5_000_000)]
    public void A_replay_has_exactly_the_misses_and_miss_bytes_of_a_textbook_LRU(int limitBytes)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = limitBytes,
            Sizing = EntrySizing.Declared,
            ReleaseMode = ReleaseMode.None,
        });
        var textbook = new TextbookLru(limitBytes);
        var random = new Random(7);
        (int misses, long missBytes) = (0, 0);
        for (int i = 0; i < 100_000; i++)
        {
            // Popularity falls with the number; a key's size depends only on the key.
            int key = (int)(20_000 * Math.Pow(random.NextDouble(), 3));
            int size = 1 + (int)((uint)key * 2654435761u % 2000);
            if (!cache.TryGetValue(key, out _))
            {
                misses++;
                missBytes += size;
                cache.Set(key, string.Empty, new MemoryCacheEntryOptions { Size = size });
            }

            textbook.Request(key, size);
        }

        Assert.Equal((textbook.Misses, textbook.MissBytes), (misses, missBytes));
        Assert.InRange(misses, 1_000, 99_000);
        InvariantChecker.Check(cache.Engine);
    }

    private static string Describe((object Key, object? Value, EvictionReason Reason) departure) =>
        departure.Reason switch
        {
            EvictionReason.Capacity => $"c{departure.Key}",
            EvictionReason.Replaced => $"r{departure.Key}",
            EvictionReason.Removed => $"x{departure.Key}",
            _ => $"{departure.Reason} {departure.Key}",
        };

    private sealed class TextbookLru(long limitBytes)
    {
        private readonly Dictionary<int, LinkedListNode<(int Key, int Size)>> _nodes = [];
        private readonly LinkedList<(int Key, int Size)> _order = [];
        private long _used;

        public int Misses { get; private set; }

        public long MissBytes { get; private set; }

        public void Request(int key, int size)
        {
            if (_nodes.TryGetValue(key, out LinkedListNode<(int Key, int Size)>? node))
            {
                _order.Remove(node);
                _order.AddFirst(node);
                return;
            }

            Misses++;
            MissBytes += size;
            for (_used += size; _used > limitBytes; _order.RemoveLast())
            {
                _used -= _order.Last!.Value.Size;
                _nodes.Remove(_order.Last.Value.Key);
            }

            _nodes[key] = _order.AddFirst((key, size));
        }
    }
}
