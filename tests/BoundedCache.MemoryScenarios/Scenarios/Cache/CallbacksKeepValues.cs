namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>
/// Eviction callbacks that do not end before the shrink does, and block more pool threads than there are.
/// </summary>
internal class CallbacksKeepValues : CallbacksHoldValues
{
    protected override void LetGo(ManualResetEventSlim mayEnd)
    {
    }
}
