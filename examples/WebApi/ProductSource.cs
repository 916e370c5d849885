namespace BoundedCache.WebApi;

/// <summary>
/// A slow source of products, like a database or another service. Its products are
/// generated, and always the same.
/// </summary>
internal sealed class ProductSource(IConfiguration configuration)
{
    /// <summary>The highest product number; the first is 1. All products take about 320 MB in memory.</summary>
    public const int LastId = 10_000;

    private const int DescriptionLength = 16 * 1024;

    private readonly TimeSpan _latency = configuration.GetValue<TimeSpan>("Source:Latency");
    private long _reads;

    /// <summary>The number of reads.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    /// <summary>Returns a product after a delay, or null if there is none.</summary>
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
