using System.Diagnostics;

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
        string program = Path.Combine(AppContext.BaseDirectory, "BoundedCache.AotProgram.dll");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Contains("Generates code: False", output, StringComparison.Ordinal);
        Assert.Contains("ok      the objects were warned of once", output, StringComparison.Ordinal);
        Assert.True(process.ExitCode == 0, output + await errors);
    }
}
