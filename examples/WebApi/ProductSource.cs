namespace BoundedCache.WebApi;

/// <summary>
/// A source of products that takes its time, as a database or another service does. Its products are made
/// up, and always the same.
/// </summary>
internal sealed class ProductSource(IConfiguration configuration)
{
    /// <summary>The products have the numbers from 1 to this one. Together they are about 320 MB in memory.</summary>
    public const int LastId = 10_000;

    private const int DescriptionLength = 16 * 1024;

    private readonly TimeSpan _latency = configuration.GetValue<TimeSpan>("Source:Latency");
    private long _reads;

    /// <summary>How often the source was asked.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    /// <summary>Answers a product, or null where there is none, after a while.</summary>
    public async Task<Product?> ReadAsync(int id, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        await Task.Delay(_latency, cancellationToken);
        return id is >= 1 and <= LastId ? Make(id) : null;
    }

    internal static Product Make(int id)
    {
        string sentence = $"Product {id} is as good as new. ";
        return new Product(
            id, $"Product {id}", string.Concat(Enumerable.Repeat(sentence, DescriptionLength / sentence.Length)));
    }
}
