namespace BoundedCache.Sizing;

/// <summary>
/// Delegates over what a lambda captured, and how much of that belongs to whoever holds the delegate.
/// </summary>
/// <remarks>
/// A delegate over a method of some object, or over none, is shared or somebody else's, and so is most of what a lambda
/// captures: <c>this</c>, services, the request. A value that keeps such a delegate (a <see cref="Lazy{T}"/> that is
/// not made yet) keeps the delegate and the object of what it captured, one of its own as a rule. Of what that refers
/// to, only what can be nothing but data belongs to it: from a field's type nobody can tell a service from a record.
/// </remarks>
internal static class Closures
{
    // What the C# compiler calls the class of captured variables, and nobody can call one of theirs.
    private const string ClassPrefix = "<>c__DisplayClass";

    /// <summary>Whether instances hold the captured variables of lambdas.</summary>
    public static bool IsClosure(Type type) => type.Name.StartsWith(ClassPrefix, StringComparison.Ordinal);

    /// <summary>Whether this is a delegate of one lambda that captured something.</summary>
    public static bool IsOver(object instance) =>
        instance is Delegate { HasSingleTarget: true, Target: { } target }
        && (TypeLayouts.TryGetRecent(target)?.IsClosure ?? IsClosure(target.GetType()));

    /// <summary>
    /// Whether a captured variable of this type is followed: text, arrays of data, and what belongs to further lambdas.
    /// </summary>
    public static bool IsFollowed(Type captured) =>
        IsData(captured) || typeof(Delegate).IsAssignableFrom(captured) || IsClosure(captured);

    private static bool IsData(Type type) =>
        type == typeof(string)
        || (type.IsArray
            && type.GetElementType()! is var element
            && (element.IsValueType ? ReferenceShape.From(element) is null : IsData(element)));
}
