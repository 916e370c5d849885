namespace BoundedCache.Harness;

/// <summary>What several measurements of one thing say together.</summary>
public static class Statistics
{
    /// <summary>The middle one; of an even number, the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        if (sorted.Length == 0)
        {
            throw new ArgumentException("There is no median of nothing.", nameof(numbers));
        }

        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
