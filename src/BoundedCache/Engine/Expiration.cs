using Microsoft.Extensions.Primitives;

namespace BoundedCache.Engine;

/// <summary>When and by what an entry expires, as far as an entry that is built with its help must know.</summary>
/// <param name="AbsoluteTicks">UTC ticks; <see cref="long.MaxValue"/>, or 0 where nothing is known, for never.</param>
/// <param name="Tokens">The entry's tokens, if it has any.</param>
internal readonly record struct Expiration(long AbsoluteTicks, IReadOnlyList<IChangeToken>? Tokens);
