using System.Net.Sockets;
using BoundedCache.LoadRuns.CommandLine;

namespace BoundedCache.LoadRuns;

/// <summary>The program from its arguments to its exit code. Whatever goes wrong is told in one line.</summary>
internal static class LoadApplication
{
    private const string ErrorPrefix = "LoadRuns: ";

    public static async Task<ExitCode> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await new LoadCommand(arguments).InvokeAsync(arguments, cancellationToken);
        }
        catch (LoadException failure)
        {
            Console.Error.WriteLine($"{ErrorPrefix}{failure.Message.TrimEnd('.')}.");
            return failure.ExitCode;
        }
        catch (Exception failure)
            when (failure is OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine(ErrorPrefix + "interrupted; no result was written.");
            return ExitCode.Interrupted;
        }
        catch (Exception failure)
            when (failure is IOException or HttpRequestException or SocketException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{ErrorPrefix}{failure.Message}");
            return ExitCode.Failed;
        }
    }
}
