using System.CommandLine;
using System.CommandLine.Help;
using Microsoft.Extensions.Options;

namespace BoundedCache.Examples;

/// <summary>The command line of an example that runs until it is stopped.</summary>
internal static class ServiceCommand
{
    private const int HelpWidth = 110;
    private const int UsageError = 2;

    /// <summary>A command with these options and a help of readable width.</summary>
    /// <param name="description">What the program does.</param>
    /// <param name="options">Its options.</param>
    /// <param name="run">Runs it until it is stopped.</param>
    public static RootCommand Create(
        string description, IEnumerable<Option> options, Func<ParseResult, CancellationToken, Task> run)
    {
        var root = new RootCommand(description);
        foreach (Option option in options)
        {
            root.Options.Add(option);
        }

        foreach (HelpOption help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpAction { MaxWidth = HelpWidth };
        }

        root.Options.Remove(root.Options.OfType<VersionOption>().Single());
        root.SetAction(async (result, cancellationToken) =>
        {
            await run(result, cancellationToken);
            return 0;
        });
        return root;
    }

    /// <summary>Runs what the arguments ask for. Errors in them are written to standard error.</summary>
    /// <returns>The exit code: 0 if it was stopped, 1 if it failed, 2 for wrong arguments.</returns>
    public static async Task<int> InvokeAsync(RootCommand root, IReadOnlyList<string> arguments)
    {
        ParseResult result = root.Parse(arguments);
        if (result.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{result.Errors[0].Message} (--help lists the options.)");
            return UsageError;
        }

        try
        {
            // The host handles Ctrl+C.
            return await result.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException
            or InvalidDataException or InvalidOperationException or OptionsValidationException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }
}
