using System.CommandLine;

namespace BoundedCache.Comparisons.CommandLine;

/// <summary>
/// An option that means something when it is left out. The description says what: the library's own way to show
/// defaults writes lists in a form that the command line does not accept.
/// </summary>
internal sealed class Defaulted<T>(string name, T otherwise) : Option<T>(name)
{
    /// <summary>What was given, or the default.</summary>
    public T GetValue(ParseResult result) =>
        result.GetResult(this) is { Implicit: false } ? result.GetValue(this)! : otherwise;
}
