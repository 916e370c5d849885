using System.Buffers;
using BoundedCache.AspNetCore.Access;
using BoundedCache.AspNetCore.Json;
using BoundedCache.Entries;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BoundedCache.AspNetCore.Caches;

/// <summary>What a cache holds, largest first, from a sample of bounded size.</summary>
internal sealed class ContentsEndpoint(CacheDirectory caches, AccessGate gate, BoundedCacheAdminOptions options)
{
    /// <summary>The most entries that one request looks at.</summary>
    public const int MostSampled = 4000;

    private const int MostRows = 20;

    public async Task<Results<JsonHttpResult<ContentsView>, Problem>> GetAsync(string name, HttpContext context)
    {
        if (caches.Refuse(context, name, out IBoundedCache cache) is { } refusal)
        {
            return refusal;
        }

        bool showsKeys = options.ShowKeyPrefixes && await gate.CanChangeAsync(context);
        CacheSnapshot snapshot = cache.GetSnapshot();
        IReadOnlyList<SampledEntry> sample = (cache as ISampledCache)?.Sample(MostSampled) ?? [];
        return TypedResults.Json(
            new ContentsView(
                cache.Name,
                snapshot.Count,
                sample.Count,
                cache is ISampledCache,
                Shares(sample, snapshot, static entry => TypeNames.From(entry.ValueType)),
                showsKeys ? Shares(sample, snapshot, static entry => KeyPrefix.From(entry.Key)) : null),
            AdminJsonContext.Readable.ContentsView);
    }

    private static List<ContentsShare> Shares(
        IReadOnlyList<SampledEntry> sample, CacheSnapshot cache, Func<SampledEntry, string> group)
    {
        double bytes = Math.Max(1, sample.Sum(static entry => (double)entry.Bytes));
        double scale = sample.Count >= cache.Count ? 1 : cache.Count / (double)sample.Count;
        return
        [
            .. sample.GroupBy(group, StringComparer.Ordinal)
                .Select(
                    entries => (entries.Key, Bytes: entries.Sum(static entry => entry.Bytes), Count: entries.Count()))
                .OrderByDescending(static each => each.Bytes)
                .Take(MostRows)
                .Select(each => new ContentsShare(
                    each.Key,
                    (long)(each.Bytes / bytes * cache.UsedMemory),
                    (long)Math.Round(each.Count * scale),
                    Math.Round(each.Bytes / bytes, 4))),
        ];
    }
}

/// <summary>What a cache holds, largest first.</summary>
/// <remarks>
/// <para><c>SampledEntries</c>: How many of the <c>Entries</c> were looked at; the figures are estimated from
/// them.</para>
/// <para><c>IsKnown</c>: False for a kind of cache that cannot tell.</para>
/// <para><c>KeyPrefixes</c>: Null unless the option ShowKeyPrefixes is set and the sender may change the cache.</para>
/// </remarks>
internal sealed record ContentsView(
    string CacheName,
    int Entries,
    int SampledEntries,
    bool IsKnown,
    IReadOnlyList<ContentsShare> Types,
    IReadOnlyList<ContentsShare>? KeyPrefixes);

/// <summary>One type or prefix: its bytes (units of a declared cache), entries, and share of the bytes.</summary>
internal sealed record ContentsShare(string Name, long Bytes, long Entries, double Share);

/// <summary>Names of types as C# writes them, without namespaces.</summary>
internal static class TypeNames
{
    private const int Longest = 120;

    public static string From(Type? type)
    {
        string name = type is null ? "null" : NameOf(type);
        return name.Length > Longest ? string.Concat(name.AsSpan(0, Longest), "…") : name;
    }

    private static string NameOf(Type type)
    {
        if (type.IsArray)
        {
            return $"{NameOf(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        string name = type.Name.Split('`')[0];
        return type.IsGenericType
            ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
            : name;
    }
}

/// <summary>The beginning of a key that many keys share, as people build them: <c>product:12</c>.</summary>
internal static class KeyPrefix
{
    private const int Longest = 40;

    private static readonly SearchValues<char> s_separators = SearchValues.Create(":/|._-");

    /// <summary>
    /// Up to the first separator. Keys that are no text are told by their type: their code is not run.
    /// </summary>
    public static string From(object key)
    {
        if (key is not string text)
        {
            return $"keys of the type {TypeNames.From(key.GetType())}";
        }

        int end = text.AsSpan(0, Math.Min(Longest, text.Length)).IndexOfAny(s_separators);
        return end < 0 ? "keys without a separator" : Problems.Echo(text[..(end + 1)]);
    }
}
