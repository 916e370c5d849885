namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>A million entries removed one by one, in no order.</summary>
internal sealed class EmptyByRemove : TableSpaceScenario
{
    // Shares no factor with the number of entries, so that every entry's turn comes.
    private const int Step = 617_333;

    protected override void Empty(BoundedMemoryCache cache)
    {
        for (int i = 0, key = 0; i < Entries; i++, key = (key + Step) % Entries)
        {
            cache.Remove(key);
        }
    }
}
