using System.Diagnostics.CodeAnalysis;
using System.Runtime;

namespace BoundedCache.Memory;

internal sealed partial class ProcessMemory
{
    /// <summary>The garbage collector of this process.</summary>
    private sealed class RuntimeCollector : IGarbageCollector
    {
        public long AllocatedBytes => GC.GetTotalMemory(forceFullCollection: false);

        public TimeSpan TotalPause => GC.GetTotalPauseDuration();

        public bool IsInNoGCRegion => GCSettings.LatencyMode == GCLatencyMode.NoGCRegion;

        public string? Replacement => Configured("GCName") ?? Configured("GCPath");

        public GCReading ReadLast() => GCReading.From(GC.GetGCMemoryInfo(GCKind.Any));

        public GCReading ReadLastFullBlocking() => GCReading.From(GC.GetGCMemoryInfo(GCKind.FullBlocking));

        // Aggressive alone decommits what it emptied before it returns: after a compacting, forced collection the same memory
        // stays committed and resident until the collector's own slow trickle gets to it.
        [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
        public void CollectAggressively() =>
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

        public void WaitForPendingFinalizers() => GC.WaitForPendingFinalizers();

        private static string? Configured(string name) =>
            GC.GetConfigurationVariables().TryGetValue(name, out object? value) && value is string { Length: > 0 } text ? text : null;
    }
}
