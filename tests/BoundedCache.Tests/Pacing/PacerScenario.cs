using BoundedCache.Pacing;
using BoundedCache.Tests.Process;
using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Pacing;

/// <summary>A pacer of a process whose collector and clock a test moves.</summary>
public abstract class PacerScenario
{
    private protected const long MiB = 1024 * 1024;

    private protected FakeProcess Process { get; } = new();

    private protected ManualTimeProvider Time { get; } = new();

    /// <summary>Collections of the whole heap that were begun, where they are queued: a test runs them.</summary>
    private protected Queue<Action> Started { get; } = [];

    private protected Pacer NewPacer(bool queue = false) =>
        new(Process, Time, queue ? Started.Enqueue : static collect => collect());
}
