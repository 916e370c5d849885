namespace BoundedCache.WebApi;

/// <summary>What the service sells.</summary>
internal sealed record Product(int Id, string Name, string Description);
