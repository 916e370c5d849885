namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Arrays of 1 KiB.</summary>
internal sealed class AccountOfKibibytes : AccountingScenario
{
    protected override object Make(int number) => new byte[1024];
}
