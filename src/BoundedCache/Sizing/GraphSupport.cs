using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace BoundedCache.Sizing;

/// <summary>Whether this process can look into objects.</summary>
/// <remarks>
/// A walk reads fields by code that it generates for each type. Compiled ahead of time (native AOT), a process can
/// neither generate code nor tell all fields of a type: the compiler keeps no description of those that nobody reflects
/// on, and what reflection answers then is not an error but a shorter list. So nothing is walked there, rather than
/// counted short without a word. Trimming alone does no harm: a field that the trimmer takes out of the description it
/// takes out of the objects as well.
/// </remarks>
internal static class GraphSupport
{
    [FeatureGuard(typeof(RequiresDynamicCodeAttribute))]
    public static bool IsSupported => RuntimeFeature.IsDynamicCodeSupported;
}
