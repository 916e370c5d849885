namespace BoundedCache.Harness;

/// <summary>
/// Numbers from 0 to n - 1 of which the k-th is drawn with a probability in proportion to 1 / k^s, in a
/// shuffled order of numbers.
/// </summary>
public sealed class Zipf
{
    private readonly double[] _cumulative;
    private readonly int[] _numbers;

    /// <param name="n">How many numbers there are; at least 1.</param>
    /// <param name="exponent">The skew: 0 is uniform, 0.99 is what the literature takes for caches.</param>
    /// <param name="random">Decides which numbers are popular.</param>
    public Zipf(int n, double exponent, Random random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(exponent);
        ArgumentNullException.ThrowIfNull(random);
        _cumulative = new double[n];
        double sum = 0;
        for (int i = 0; i < n; i++)
        {
            sum += Math.Pow(i + 1, -exponent);
            _cumulative[i] = sum;
        }

        // Popular keys lie anywhere in memory and not side by side, as in life.
        _numbers = [.. Enumerable.Range(0, n)];
        random.Shuffle(_numbers);
    }

    /// <summary>Draws a number. Safe from several threads, each with a generator of its own.</summary>
    public int Next(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        int index = Array.BinarySearch(_cumulative, random.NextDouble() * _cumulative[^1]);
        return _numbers[Math.Min(index < 0 ? ~index : index, _numbers.Length - 1)];
    }
}
