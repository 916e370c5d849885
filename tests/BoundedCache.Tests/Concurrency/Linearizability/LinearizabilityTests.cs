using BoundedCache.TestSupport;
using CsCheck;
using Xunit.Abstractions;

namespace BoundedCache.Tests.Concurrency.Linearizability;

/// <summary>
/// Small random programs on two to four threads. What their operations return must be explained by one order of them
/// that a sequential model allows. A failure shows the history and CsCheck's seed: with the environment variable
/// CsCheck_Seed set to it the same program runs again, and again until its threads meet in the same way.
/// </summary>
[Collection(StressTests.Name)]
public class LinearizabilityTests(ITestOutputHelper output)
{
    /// <summary>Runs of one program. Its threads meet in another way each time.</summary>
    private const int Runs = 50;

    private const int Seconds = 1;

    public static TheoryData<string, bool, EvictionPolicy> Settings
    {
        get
        {
            var settings = new TheoryData<string, bool, EvictionPolicy>();
            foreach (EvictionPolicy policy in Enum.GetValues<EvictionPolicy>())
            {
                foreach (string name in (string[])
                    [nameof(HistorySetting.Table), nameof(HistorySetting.Pressure), nameof(HistorySetting.Chunks)])
                {
                    settings.Add(name, true, policy);
                    settings.Add(name, false, policy);
                }
            }

            return settings;
        }
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Operations_beside_each_other_return_what_some_order_of_them_would(
        string setting, bool stringKeys, EvictionPolicy policy) =>
        Run(setting, stringKeys, policy, Seconds);

    [SoakTheory]
    [Trait("Category", "Soak")]
    [MemberData(nameof(Settings))]
    public void Operations_beside_each_other_return_what_some_order_of_them_would_for_long(
        string setting, bool stringKeys, EvictionPolicy policy) =>
        Run(setting, stringKeys, policy, (int)Soak.Duration!.Value.TotalSeconds);

    private void Run(string name, bool stringKeys, EvictionPolicy policy, int seconds)
    {
        HistorySetting setting = name switch
        {
            nameof(HistorySetting.Table) => HistorySetting.Table,
            nameof(HistorySetting.Pressure) => HistorySetting.Pressure,
            _ => HistorySetting.Chunks,
        };
        using var runner = new HistoryRunner(setting, stringKeys, policy);
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
