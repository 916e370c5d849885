using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Eviction callbacks hold the values for longer than a release waits.</summary>
internal sealed class OwedAfterCallbacks : OwedScenario
{
    private readonly ManualResetEventSlim _mayEnd = new();

    protected override int ValueBytes => 3_000_000;

    protected override object Make()
    {
        byte[] value = new byte[ValueBytes];
        Array.Fill(value, (byte)1);
        return value;
    }

    protected override void Describe(ICacheEntry entry, int number) => entry.RegisterPostEvictionCallback(Hold);

    protected override void LetGo() => _mayEnd.Set();

    private void Hold(object key, object? value, EvictionReason reason, object? state)
    {
        _mayEnd.Wait();
        GC.KeepAlive(value);
    }
}
