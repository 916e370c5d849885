namespace BoundedCache.Hosting;

/// <summary>An option that configuration can set.</summary>
/// <param name="Name">The option's name, which is its key in the section; case does not matter.</param>
/// <param name="Allowed">What may stand there, for whoever wrote something else.</param>
/// <param name="TrySet">Sets the option to what a text says; false where the text is not allowed.</param>
/// <param name="Get">The option's value.</param>
internal sealed record CacheSetting(
    string Name,
    string Allowed,
    Func<BoundedMemoryCacheOptions, string, bool> TrySet,
    Func<BoundedMemoryCacheOptions, object> Get);
