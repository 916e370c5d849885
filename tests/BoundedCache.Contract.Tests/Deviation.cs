namespace BoundedCache.Contract.Tests;

/// <summary>
/// A place where <see cref="BoundedMemoryCache"/> and <c>MemoryCache</c> must differ, listed in
/// <c>docs/DEVIATIONS.md</c>.
/// </summary>
/// <param name="Id">Its name in the page's table.</param>
/// <param name="Promise">
/// The promise of the design that asks for it: P1 bounded, P2 honest, P4 admit the new, P5 shrink, P10 never worse.
/// </param>
/// <param name="Reason">Why the two must differ.</param>
public sealed record Deviation(string Id, string Promise, string Reason);
