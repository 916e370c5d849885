using Microsoft.Extensions.Options;

namespace BoundedCache.Hosting;

/// <summary>
/// The check of options once everybody has had a say in them: each by itself, and that no two caches of a
/// container have the same name.
/// </summary>
internal sealed class CacheOptionsValidator(IEnumerable<CacheRegistration> registrations)
    : IValidateOptions<BoundedMemoryCacheOptions>
{
    private readonly string[] _keys =
        [.. registrations.Select(static registration => registration.Key).OfType<string>()];

    public ValidateOptionsResult Validate(string? name, BoundedMemoryCacheOptions options)
    {
        string cache = string.IsNullOrEmpty(name) ? "The cache without a key" : $"The cache '{name}'";
        List<string> failures =
            [.. options.FindFaults().Select(fault => $"{cache}: {fault.Message.ReplaceLineEndings(" ")}")];
        int namesakes = _keys.Count(key => key == options.Name);
        if (string.IsNullOrEmpty(name) && namesakes > 0)
        {
            failures.Add($"{cache} has the name '{options.Name}', which is also the key of a keyed cache; "
                + "set BoundedMemoryCacheOptions.Name or the key to another.");
        }
        else if (_keys.Contains(name) && options.Name != name)
        {
            failures.Add($"{cache} has BoundedMemoryCacheOptions.Name '{options.Name}'; "
                + "the name of a keyed cache is its key, so leave it alone or change the key.");
        }
        else if (namesakes > 1)
        {
            failures.Add($"{cache} is registered {namesakes} times; each keyed cache needs a key of its own.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
