using System.Globalization;
using Xunit;

namespace BoundedCache.TestSupport;

/// <summary>
/// How long soaks run: the seconds in the environment variable <see cref="Variable"/>. If it is not set they are
/// skipped.
/// </summary>
public static class Soak
{
    public const string Variable = "BOUNDEDCACHE_SOAK_SECONDS";

    /// <summary>The duration of each soak, or null.</summary>
    public static TimeSpan? Duration { get; } =
        double.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out double seconds)
        && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : null;

    public static string? WhySkipped =>
        Duration is null ? $"A soak: set {Variable} to the seconds that each is to run." : null;
}

/// <summary>
/// A test that runs for minutes or hours, only if <see cref="Soak.Variable"/> says how long. This is decided
/// when tests are discovered.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SoakFactAttribute : FactAttribute
{
    public SoakFactAttribute() => Skip = Soak.WhySkipped;
}

/// <inheritdoc cref="SoakFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SoakTheoryAttribute : TheoryAttribute
{
    public SoakTheoryAttribute() => Skip = Soak.WhySkipped;
}
