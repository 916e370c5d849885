namespace BoundedCache.AspNetCore.Access;

/// <summary>
/// What an endpoint of the admin endpoint does, as metadata: which policy it has, and what is refused before it runs.
/// </summary>
internal enum EndpointKind
{
    /// <summary>The page and its files, to which links of other sites may lead.</summary>
    Page,

    /// <summary>Reads.</summary>
    Read,

    /// <summary>Changes something, or costs a pause.</summary>
    Change,
}
