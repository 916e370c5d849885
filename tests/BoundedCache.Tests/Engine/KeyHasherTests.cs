using BoundedCache.Engine;

namespace BoundedCache.Tests.Engine;

public sealed class KeyHasherTests
{
    private const int Keys = 100_000;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(1000)]
    public void A_string_and_the_same_characters_elsewhere_have_one_hash(int length)
    {
        string text = string.Create(length, 0, static (span, _) => span.Fill('x'));

        Assert.Equal(KeyHasher.Hash(text), KeyHasher.Hash($"-{text}-".AsSpan(1, length)));
    }

    [Fact]
    public void Every_character_and_the_length_count()
    {
        var hashes = new HashSet<int>();
        int made = 0;
        for (int length = 0; length < 64; length++)
        {
            char[] text = new char[length];
            hashes.Add(KeyHasher.Hash(text));
            made++;
            for (int i = 0; i < length; i++)
            {
                text[i] = '\u0100';
                hashes.Add(KeyHasher.Hash(text));
                text[i] = '\0';
                made++;
            }
        }

        // Two thousand hashes of 32 bits: by chance two are equal once in two thousand runs.
        Assert.InRange(hashes.Count, made - 1, made);
    }

    [Fact]
    public void Sequential_keys_spread() =>
        AssertSpread(Enumerable.Range(0, Keys).Select(static i => KeyHasher.Hash($"user:{i}")));

    [Fact]
    public void Keys_that_differ_in_their_first_characters_spread() => AssertSpread(
        Enumerable.Range(0, Keys).Select(static i => KeyHasher.Hash($"{i}:the same long tail of every key")));

    [Fact]
    public void Keys_of_one_character_spread() =>
        AssertSpread(Enumerable.Range(0, 65_536).Select(static i => KeyHasher.Hash([(char)i])));

    [Fact]
    public void Keys_of_one_repeated_character_spread() =>
        AssertSpread(Enumerable.Range(0, 5000).Select(static i => KeyHasher.Hash(new string('a', i))));

    [Fact]
    public void Sequential_numbers_spread() =>
        AssertSpread(Enumerable.Range(0, Keys).Select(static i => KeyHasher.Hash((object)i)));

    [Fact]
    public void Numbers_whose_low_bits_agree_spread() =>
        AssertSpread(Enumerable.Range(0, 60_000).Select(static i => KeyHasher.Hash((object)(i << 16))));

    /// <summary>
    /// Each process has its own secret seeds, so the hash must be good with all of them: thousands are tried,
    /// always the same ones. The longest chain of a random function is ten here, and by chance twelve.
    /// </summary>
    [Theory]
    [InlineData("sequence")]
    [InlineData("every tenth")]
    [InlineData("squares")]
    [InlineData("multiples of 64")]
    [InlineData("multiples of 4096")]
    [InlineData("multiples of 65536")]
    [InlineData("few low bits")]
    [InlineData("bits of floating-point numbers")]
    public void Numbers_spread_whatever_the_seeds_are(string numbers)
    {
        uint[] codes = [.. Enumerable.Range(0, 4000).Select(static i => (uint)i).Select(i => numbers switch
        {
            "sequence" => i,
            "every tenth" => 1_000_000_000 + (i * 10),
            "squares" => i * i,
            "multiples of 64" => i << 6,
            "multiples of 4096" => i << 12,
            "multiples of 65536" => i << 16,
            "few low bits" => (i << 20) | (i & 7),
            "bits of floating-point numbers" => BitConverter.SingleToUInt32Bits(i),
            _ => throw new ArgumentException(numbers, nameof(numbers)),
        })];
        AssertSpreadForAllSeeds(
            numbers, codes.Length, (i, seed0, seed1, seed2) => KeyHasher.Scatter(codes[i], seed0, seed1, seed2));
    }

    [Fact]
    public void Keys_made_to_collide_under_the_runtimes_unseeded_hash_spread()
    {
        List<string> keys = CollidingKeys();
        Assert.Single(keys.Select(UnseededHash).Distinct());

        AssertSpread(keys.Select(static key => KeyHasher.Hash(key)));
    }

    [Fact]
    public void A_cache_of_keys_made_to_collide_elsewhere_has_short_chains()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 100_000_000);
        CollidingKeys().ForEach(key => test.Set(key, key));
        BucketIndex index = test.Cache.Engine.Index;

        int longest = Enumerable.Range(0, index.BucketCount).Max(bucket =>
        {
            int length = 0;
            for (int slot = index.Head(bucket); slot > 0; slot = test.Cache.Engine.Store.Slot(slot).Next)
            {
                length++;
            }

            return length;
        });

        Assert.InRange(longest, 1, 14);
    }

    /// <summary>
    /// In as many buckets as a table would have, the longest chain of a random function is about eight; a chain of 14
    /// occurs once in millions of runs.
    /// </summary>
    internal static void AssertSpread(IEnumerable<int> hashes)
    {
        int[] all = [.. hashes];
        var chains = new int[(int)(all.Length / 0.75) + 16];
        foreach (int hash in all)
        {
            chains[BucketIndex.BucketOf(hash, chains.Length)]++;
        }

        // Expected: the sum over chains of their squared lengths is n + n²/m for n keys in m buckets.
        double squares = chains.Sum(static length => (double)length * length);
        Assert.InRange(chains.Max(), 1, 20);
        Assert.InRange(squares / all.Length, 1, 2.2);
    }

    internal static void AssertSpreadForAllSeeds(string numbers, int count, Func<int, ulong, ulong, ulong, int> hash)
    {
        var random = new Random(20_260_101);
        var chains = new int[(int)(count / 0.75) + 16];
        for (int round = 0; round < 3000; round++)
        {
            (ulong seed0, ulong seed1, ulong seed2) = (NextSeed(random), NextSeed(random), NextSeed(random));
            Array.Clear(chains);
            for (int i = 0; i < count; i++)
            {
                chains[BucketIndex.BucketOf(hash(i, seed0, seed1, seed2), chains.Length)]++;
            }

            Assert.True(
                chains.Max() <= 14,
                $"{chains.Max()} of the {numbers} in one bucket, with the seeds {seed0:x}, {seed1:x} and {seed2:x}");
        }
    }

    private static ulong NextSeed(Random random)
    {
        ulong seed;
        do
        {
            seed = (ulong)random.NextInt64(long.MinValue, long.MaxValue) | 1;
        }
        while (!KeyHasher.Spreads(seed));

        return seed;
    }

    /// <summary>
    /// The hash that the runtime's dictionaries begin with: two lanes of 32 bits, without a secret.
    /// </summary>
    private static uint UnseededHash(string key)
    {
        (uint one, uint two) = ((5381u << 16) + 5381u, (5381u << 16) + 5381u);
        for (int i = 0; i < key.Length; i += 4)
        {
            one = (uint.RotateLeft(one, 5) + one) ^ Pair(key, i);
            two = (uint.RotateLeft(two, 5) + two) ^ Pair(key, i + 2);
        }

        return one + (two * 1_566_083_941u);
    }

    private static uint Pair(string key, int at) => key[at] | ((uint)key[at + 1] << 16);

    /// <summary>
    /// Strings of many blocks. Each block has one of two forms that leave the first lane in the same state: every
    /// choice of forms gives the same hash.
    /// </summary>
    private static List<string> CollidingKeys()
    {
        const int Blocks = 12;
        List<string> keys = [""];
        uint state = (5381u << 16) + 5381u;
        for (int block = 0; block < Blocks; block++)
        {
            (string a, string b, state) = Block(state, (uint)block);
            keys = [.. keys.Select(key => key + a), .. keys.Select(key => key + b)];
        }

        return keys;
    }

    /// <summary>
    /// Two pieces of eight characters whose second lanes are equal, and whose first lanes start
    /// and end in the same states.
    /// </summary>
    private static (string A, string B, uint State) Block(uint state, uint salt)
    {
        (uint a1, uint b1) = (0x0061_0061 + salt, 0x0062_0062 + salt);
        uint afterA = (uint.RotateLeft(state, 5) + state) ^ a1;
        uint afterB = (uint.RotateLeft(state, 5) + state) ^ b1;
        const uint A2 = 0x0041_0041;
        uint end = (uint.RotateLeft(afterA, 5) + afterA) ^ A2;
        uint b2 = (uint.RotateLeft(afterB, 5) + afterB) ^ end;
        return (Piece(a1) + Piece(A2), Piece(b1) + Piece(b2), end);

        static string Piece(uint lane) => new([(char)lane, (char)(lane >> 16), 'x', 'x']);
    }
}
