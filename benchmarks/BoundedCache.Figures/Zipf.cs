namespace BoundedCache.Figures;

/// <summary>Numbers from 0 to n - 1 of which the k-th is drawn with a probability in proportion to 1 / k^s, in a shuffled order of numbers.</summary>
internal sealed class Zipf
{
    private readonly double[] _cumulative;
    private readonly int[] _numbers;

    public Zipf(int n, double exponent, Random random)
    {
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

    public int Next(Random random)
    {
        int index = Array.BinarySearch(_cumulative, random.NextDouble() * _cumulative[^1]);
        return _numbers[Math.Min(index < 0 ? ~index : index, _numbers.Length - 1)];
    }
}
