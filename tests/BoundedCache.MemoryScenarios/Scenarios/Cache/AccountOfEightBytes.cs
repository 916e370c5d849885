namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Arrays of eight bytes, where the key and the table weigh more than the value.</summary>
internal sealed class AccountOfEightBytes : AccountingScenario
{
    protected override object Make(int number) => new byte[8];
}
