namespace BoundedCache.LoadRuns.Results;

/// <summary>Something that a run is held to: what was measured, and what it may be at the most.</summary>
/// <param name="What">What is held against what, in words.</param>
/// <param name="Measured">What was measured.</param>
/// <param name="Bound">The most that it may be.</param>
/// <param name="Unit">Of both.</param>
internal sealed record Bar(string What, double Measured, double Bound, string Unit)
{
    public bool Holds => Measured <= Bound;

    public override string ToString() =>
        FormattableString.Invariant($"{(Holds ? "holds" : "FAILS")}: {What}: {Measured:N1} {Unit}, at most {Bound:N1}");
}
