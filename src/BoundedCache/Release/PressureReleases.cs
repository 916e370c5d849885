using System.Diagnostics.CodeAnalysis;
using BoundedCache.Pacing;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>The memory pressure of this process, and how it gives memory back: through the releaser's queue.</summary>
internal static class PressureReleases
{
    /// <summary>Memory pressure for all caches of this process.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "One for all caches, whatever clocks these have.")]
    public static MemoryPressure Shared { get; } = Create(MemoryReleaser.Shared, TimeProvider.System);

    /// <summary>Memory pressure that releases through a releaser.</summary>
    public static MemoryPressure Create(MemoryReleaser releaser, TimeProvider time) => new(
        releaser.Memory,
        time,
        releaser.Threads.Run,
        (release, done) => Release(releaser, release, done));

    private static void Release(MemoryReleaser releaser, PressureRelease release, Action done)
    {
        if (release is PressureRelease.None or PressureRelease.Collect)
        {
            IGarbageCollector collector = releaser.Memory.Collector;
            if (release == PressureRelease.Collect && !collector.IsInNoGCRegion)
            {
                collector.CollectInBackground();
            }

            done();
            return;
        }

        var request = new ReleaseRequest
        {
            ExpectedBytes = 0,
            Mode = release == PressureRelease.Full ? ReleaseMode.Full : ReleaseMode.Gentle,
            Forced = true,
            IsOwed = false,
            OutlivesCaller = true,
        };
        releaser.ReleaseAsync(request, CancellationToken.None).ContinueWith(
            _ => done(),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }
}
