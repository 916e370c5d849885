using CsCheck;
using Xunit.Abstractions;

namespace BoundedCache.Concurrency.Tests.Linearizability;

/// <summary>
/// Small random programs on two to four threads. What their operations return must be explained by one order of them
/// that a sequential model allows. A failure shows the history and CsCheck's seed: with the environment variable
/// CsCheck_Seed set to it the same program runs again, and again until its threads meet in the same way.
/// </summary>
public class LinearizabilityTests(ITestOutputHelper output)
{
    /// <summary>Runs of one program. Its threads meet in another way each time.</summary>
    private const int Runs = 50;

    private const int Seconds = 2;

    public static TheoryData<string, bool> Settings => new()
    {
        { nameof(HistorySetting.Table), true },
        { nameof(HistorySetting.Table), false },
        { nameof(HistorySetting.Pressure), true },
        { nameof(HistorySetting.Pressure), false },
        { nameof(HistorySetting.Chunks), true },
        { nameof(HistorySetting.Chunks), false },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Operations_beside_each_other_return_what_some_order_of_them_would(string setting, bool stringKeys) =>
        Run(setting, stringKeys, Seconds);

    [SoakTheory]
    [Trait("Category", "Soak")]
    [MemberData(nameof(Settings))]
    public void Operations_beside_each_other_return_what_some_order_of_them_would_for_long(
        string setting, bool stringKeys) =>
        Run(setting, stringKeys, (int)Soak.Duration!.Value.TotalSeconds);

    private void Run(string name, bool stringKeys, int seconds)
    {
        HistorySetting setting = name switch
        {
            nameof(HistorySetting.Table) => HistorySetting.Table,
            nameof(HistorySetting.Pressure) => HistorySetting.Pressure,
            _ => HistorySetting.Chunks,
        };
        using var runner = new HistoryRunner(setting, stringKeys);
        try
        {
            HistoryProgram.Generate(setting).Sample(
                program => runner.Run(program, Runs),
                time: seconds,
                threads: 1,
                print: static program => program.ToString());
        }
        finally
        {
            output.WriteLine($"{runner.Histories:N0} histories; {runner.FirstFailure}");
        }
    }
}
