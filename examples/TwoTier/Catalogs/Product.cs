using System.ComponentModel;

namespace BoundedCache.TwoTier.Catalogs;

/// <summary>A product of the shop. It never changes; a change is another object.</summary>
/// <remarks>
/// <see cref="ImmutableObjectAttribute"/> lets HybridCache keep the object itself. Without it HybridCache keeps the
/// serialized bytes, and makes a new object for each reader.
/// </remarks>
[ImmutableObject(true)]
internal sealed record Product(int Id, decimal Price, string Description);

/// <summary>What a request changes of a product.</summary>
internal sealed record ProductChange(decimal Price, string Description);
