using BoundedCache.Load;

namespace BoundedCache.Benchmarks.Tests.Load;

/// <summary>The program in this process; what it measures still runs in processes of its own.</summary>
internal static class InProcess
{
    public static async Task<(ExitCode ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        ExitCode exitCode = await new LoadApplication(output, error).RunAsync(args, CancellationToken.None);
        return (exitCode, output.ToString(), error.ToString().Trim());
    }
}
