using System.Globalization;
using System.Text.Json;

namespace BoundedCache.TwoTier.Catalogs;

/// <summary>
/// The slow source of all nodes, like a database: a product takes 50 ms. Products are generated, and those that were
/// changed are files of the shared folder.
/// </summary>
internal sealed class ProductSource(NodeOptions options)
{
    /// <summary>The highest product number; the first is 1. All products take about 320 MB in memory.</summary>
    public const int LastId = 10_000;

    private const int DescriptionLength = 16 * 1024;

    private static readonly TimeSpan s_latency = TimeSpan.FromMilliseconds(50);

    private readonly string _folder =
        Directory.CreateDirectory(Path.Combine(options.SharedFolder, "products")).FullName;

    private long _reads;

    /// <summary>The number of reads of this node.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    public static bool Has(int id) => id is >= 1 and <= LastId;

    /// <summary>Returns a product after a delay.</summary>
    public async Task<Product> ReadAsync(int id, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        await Task.Delay(s_latency, cancellationToken);
        return File.Exists(FileOf(id))
            ? JsonSerializer.Deserialize<Product>(await File.ReadAllTextAsync(FileOf(id), cancellationToken))!
            : Make(id);
    }

    /// <summary>Changes a product for all nodes.</summary>
    public async Task WriteAsync(Product product, CancellationToken cancellationToken)
    {
        string draft = Path.Combine(_folder, Path.GetRandomFileName());
        await File.WriteAllTextAsync(draft, JsonSerializer.Serialize(product), cancellationToken);
        File.Move(draft, FileOf(product.Id), overwrite: true);
    }

    internal static Product Make(int id)
    {
        string sentence = $"Product {id} is as good as new. ";
        return new Product(
            id, 10 + (id % 90), string.Concat(Enumerable.Repeat(sentence, DescriptionLength / sentence.Length)));
    }

    private string FileOf(int id) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{id}.json"));
}
