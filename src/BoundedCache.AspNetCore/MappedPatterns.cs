using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Routing;

namespace BoundedCache.AspNetCore;

/// <summary>
/// The patterns at which admin endpoints are mapped. Routing would answer requests to a pattern that is mapped twice
/// with an exception that names neither.
/// </summary>
internal static class MappedPatterns
{
    private static readonly ConditionalWeakTable<IEndpointRouteBuilder, HashSet<string>> s_patterns = [];

    /// <exception cref="InvalidOperationException">It is mapped already on this builder.</exception>
    public static void Add(IEndpointRouteBuilder endpoints, string pattern)
    {
        HashSet<string> patterns = s_patterns.GetValue(
            endpoints, static _ => new HashSet<string>(StringComparer.OrdinalIgnoreCase));
        if (!patterns.Add(pattern.Trim('/')))
        {
            throw new InvalidOperationException(
                $"Expected one admin endpoint at a pattern, got a second MapBoundedCacheAdmin(\"{pattern}\"). Map it "
                    + "once, or give the second one another pattern. One endpoint serves all caches, and several "
                    + "hosts with RequireHost(\"a\", \"b\").");
        }
    }
}
