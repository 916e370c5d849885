namespace BoundedCache.WebApi;

/// <summary>A product of the shop.</summary>
internal sealed record Product(int Id, string Name, string Description);
