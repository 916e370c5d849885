using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace BoundedCache.Hosting;

/// <summary>A cache that a service collection asked for: under which key, and where its settings come from.</summary>
/// <param name="Key">
/// The service key, and with it the cache's name; null for the cache that is <c>IMemoryCache</c> without a key.
/// </param>
/// <param name="Configuration">
/// The section to read the settings from, and to watch for a changed limit; null for none.
/// </param>
/// <param name="Configure">Changes the settings after that; null for nothing.</param>
internal sealed record CacheRegistration(
    string? Key, IConfiguration? Configuration, Action<BoundedMemoryCacheOptions>? Configure)
{
    /// <summary>
    /// The name of the cache's options, as <c>Configure&lt;BoundedMemoryCacheOptions&gt;(name, …)</c> knows them.
    /// </summary>
    public string OptionsName => Key ?? Options.DefaultName;
}
