using BoundedCache.Comparisons;

namespace BoundedCache.Benchmarks.Tests.Comparisons;

/// <summary>The program in this process; what it measures still runs in processes of its own.</summary>
internal static class InProcess
{
    public static async Task<(ExitCode ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        ExitCode exitCode = await new ComparisonApplication(output, error).RunAsync(args, CancellationToken.None);
        return (exitCode, output.ToString(), error.ToString().Trim());
    }
}
