using BoundedCache.LoadRuns.Processes;

namespace BoundedCache.Benchmarks.Tests.LoadRuns;

/// <summary>
/// What a machine may lack. Tests that need it say so and pass; with CI=true they fail, so that a build server
/// cannot skip them unnoticed.
/// </summary>
internal static class Skip
{
    public static bool LacksProgram(string program) =>
        Lacks(PeerServer.Find(program) is null ? $"{program} is not installed" : null);

    public static bool LacksMemoryGroups() => Lacks(MemoryGroup.WhyNot());

    private static bool Lacks(string? what)
    {
        if (what is not null)
        {
            Assert.False(
                Environment.GetEnvironmentVariable("CI") == "true", $"With CI=true nothing is skipped, but {what}.");
            Console.Error.WriteLine($"Skipped: {what}.");
        }

        return what is not null;
    }
}
