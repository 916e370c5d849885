using BoundedCache.TestSupport;

namespace BoundedCache.Memory.Tests;

/// <summary>
/// A process that cannot generate code, as after compilation ahead of time. What is said of native and of trimmed
/// programs was seen in the same program published: its first lines tell how.
/// </summary>
public sealed class AheadOfTimeTests
{
    [Fact]
    public async Task Without_generated_code_objects_are_charged_their_declared_size_and_warned_of_once()
    {
        (int exitCode, string output, string errors) =
            await ProgramProcess.RunAsync("tests/BoundedCache.AotProgram");

        Assert.Contains("Generates code: False", output, StringComparison.Ordinal);
        Assert.Contains("ok      the objects were warned of once", output, StringComparison.Ordinal);
        Assert.True(exitCode == 0, output + errors);
    }
}
