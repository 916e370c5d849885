namespace BoundedCache.Tool;

/// <summary>How each cache counts, in bytes or in units of its own, for answers that do not say it.</summary>
internal sealed class Sizings
{
    private readonly Dictionary<(Uri Url, string Name), string> _sizings = [];

    /// <summary>Notes how a cache counts.</summary>
    public void Note(Uri url, Answer cache) => _sizings[(url, cache["name"].Text)] = cache["sizing"].Text;

    /// <summary>
    /// Whether amounts of a cache are the application's own units: as the answer says, or else as the cache did.
    /// </summary>
    public bool IsDeclared(Uri url, string? name, Answer answer) =>
        (answer["sizing"].TextOrNull ?? (name is null ? null : _sizings.GetValueOrDefault((url, name)))) == "declared";
}
