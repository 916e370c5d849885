namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Strings of one to seven characters.</summary>
internal sealed class AccountOfShortStrings : AccountingScenario
{
    protected override object Make(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
