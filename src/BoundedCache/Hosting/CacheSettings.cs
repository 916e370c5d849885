using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Hosting;

/// <summary>Reads a section, and rejects what it does not know. A binder would ignore a misspelt setting.</summary>
internal static class CacheSettings
{
    /// <summary>
    /// The most unknown settings that one message names: the section may be the whole configuration by mistake.
    /// </summary>
    private const int MostUnknown = 5;

    private const string MaxMemory = nameof(BoundedMemoryCacheOptions.MaxMemory);

    /// <summary>Sets the options that a section names.</summary>
    /// <param name="configuration">The section.</param>
    /// <param name="options">The options to set.</param>
    /// <returns>One sentence for each thing in the section that is not allowed.</returns>
    public static List<string> Read(IConfiguration configuration, BoundedMemoryCacheOptions options) => Read(
        configuration, options, bytes => options.MaxMemory = bytes, MemoryCacheSettings.All);

    /// <inheritdoc cref="Read(IConfiguration, BoundedMemoryCacheOptions)"/>
    public static List<string> Read(IConfiguration configuration, BoundedByteCacheOptions options) => Read(
        configuration, options, bytes => options.MaxMemory = bytes, ByteCacheSettings.All);

    private static List<string> Read<TOptions>(
        IConfiguration configuration,
        TOptions options,
        Action<long> setLimit,
        IReadOnlyList<CacheSetting<TOptions>> settings)
        where TOptions : class
    {
        List<string> failures = [];
        List<string> unknown = [];
        ConfiguredLimit? limit = null;

        // Taken first, so that a change during the reading is seen afterwards.
        IChangeToken reloadToken = configuration.GetReloadToken();
        if (configuration is IConfigurationSection { Value: { Length: > 0 } value, Path: { } path })
        {
            failures.Add(
                $"{path}: expected a section that holds settings, such as {path}:{MaxMemory}, got '{value}'.");
        }

        foreach (IConfigurationSection child in configuration.GetChildren())
        {
            if (Is(child, MaxMemory))
            {
                Set(child, ConfiguredLimit.Allowed, failures, text =>
                {
                    bool isLimit = ConfiguredLimit.TryParse(text, out ConfiguredLimit read);
                    limit = isLimit ? read : null;
                    return isLimit;
                });
            }
            else if (settings.FirstOrDefault(setting => Is(child, setting.Name)) is { } known)
            {
                Set(child, known.Allowed, failures, text => known.TrySet(options, text));
            }
            else
            {
                unknown.Add(child.Key);
            }
        }

        if (limit is { } configured)
        {
            setLimit(configured.Bytes);
        }

        new ConfiguredSource(limit, reloadToken).AddTo(options);
        failures.AddRange(Describe(unknown, configuration, [.. settings.Select(static setting => setting.Name)]));
        return failures;
    }

    /// <summary>The section's name in messages.</summary>
    public static string PathOf(IConfiguration configuration) =>
        (configuration as IConfigurationSection)?.Path ?? "the configuration";

    private static void Set(
        IConfigurationSection child, string allowed, List<string> failures, Func<string, bool> trySet)
    {
        if (child.GetChildren().Any())
        {
            failures.Add($"{child.Path}: expected {allowed}, got a section or a list.");
        }
        else if (child.Value is { } text && !trySet(text))
        {
            failures.Add($"{child.Path}: expected {allowed}, got '{text}'.");
        }
    }

    private static IEnumerable<string> Describe(
        List<string> unknown, IConfiguration configuration, string[] settings)
    {
        string[] known = [MaxMemory, .. settings];
        foreach (string name in unknown.Take(MostUnknown))
        {
            yield return $"{PathOf(configuration)}: unknown setting '{name}'; "
                + (FindNearest(name, known) is { } nearest
                    ? $"did you mean '{nearest}'?"
                    : $"expected {string.Join(", ", known[..^1])} or {known[^1]}.");
        }

        if (unknown.Count > MostUnknown)
        {
            yield return $"{PathOf(configuration)}: {unknown.Count - MostUnknown} more unknown settings; "
                + "is this the cache's own section, as GetSection(\"Cache\") would give it?";
        }
    }

    private static bool Is(IConfigurationSection child, string name) =>
        child.Key.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// The name that was probably meant: the nearest by edits of one letter; null where that takes more edits than a
    /// third of its letters.
    /// </summary>
    private static string? FindNearest(string typed, IEnumerable<string> names) => names
        .Select(name => (Name: name, Edits: CountEdits(typed.ToUpperInvariant(), name.ToUpperInvariant())))
        .Where(static candidate => candidate.Edits <= candidate.Name.Length / 3)
        .OrderBy(static candidate => candidate.Edits)
        .FirstOrDefault().Name;

    /// <summary>The Levenshtein distance, one row at a time.</summary>
    private static int CountEdits(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int change = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[to.Length];
    }
}
