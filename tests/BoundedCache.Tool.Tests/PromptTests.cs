using System.Diagnostics;
using System.Text;
using BoundedCache.TestSupport;

namespace BoundedCache.Tool.Tests;

/// <summary>The question before a change, at a terminal: <c>script</c> of util-linux makes one.</summary>
public sealed class PromptTests
{
    [Theory]
    [InlineData("\u0003", 130, "Nothing was changed.")]
    [InlineData("n\n", 5, "Nothing was changed.")]
    [InlineData("y\n", 0, "catalog: done")]
    public async Task An_answer_is_followed_and_the_first_Ctrl_C_ends_it(string typed, int code, string says)
    {
        using var service = new FakeService(static request => new FakeAnswer(
            request.EndsWith("/preview", StringComparison.Ordinal)
                ? """
                    {
                      "cacheName": "catalog", "sizing": "measured", "oldMaxBytes": 2, "newMaxBytes": 1,
                      "entriesToEvict": 0
                    }
                    """
                : """{ "summary": "catalog: done", "advice": [] }"""));
        string tool = ProgramProcess.AssemblyOf("src/BoundedCache.Tool");
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

        (int exitCode, string output) = await TypeAsync(
            $"{dotnet} {tool} limit catalog 1MB --url {service.Url}", after: "[y/N] ", typed);

        Assert.Contains(says, output, StringComparison.Ordinal);
        Assert.Equal(code, exitCode);
    }

    /// <summary>Runs a command at a terminal, and types where it has written some text.</summary>
    private static async Task<(int ExitCode, string Output)> TypeAsync(string command, string after, string typed)
    {
        using System.Diagnostics.Process terminal = System.Diagnostics.Process.Start(
            new ProcessStartInfo("script", ["-q", "-e", "-f", "-c", command, "/dev/null"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            var output = new StringBuilder();
            char[] buffer = new char[1024];
            bool isTyped = false;
            while (await terminal.StandardOutput.ReadAsync(buffer, deadline.Token) is > 0 and var count)
            {
                output.Append(buffer, 0, count);
                if (!isTyped && output.ToString().Contains(after, StringComparison.Ordinal))
                {
                    await terminal.StandardInput.WriteAsync(typed);
                    await terminal.StandardInput.FlushAsync(deadline.Token);
                    isTyped = true;
                }
            }

            await terminal.WaitForExitAsync(deadline.Token);
            return (terminal.ExitCode, output.ToString());
        }
        finally
        {
            if (!terminal.HasExited)
            {
                terminal.Kill(entireProcessTree: true);
            }
        }
    }
}
