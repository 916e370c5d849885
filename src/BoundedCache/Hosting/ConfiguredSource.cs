using Microsoft.Extensions.Primitives;

namespace BoundedCache.Hosting;

/// <summary>What options remember of the configuration that they were read from.</summary>
/// <param name="Limit">What the configuration says of the limit; null where it says nothing.</param>
/// <param name="ReloadToken">
/// A token, taken before the first setting was read, that tells whether anything may have changed since.
/// </param>
internal sealed record ConfiguredSource(ConfiguredLimit? Limit, IChangeToken ReloadToken);
