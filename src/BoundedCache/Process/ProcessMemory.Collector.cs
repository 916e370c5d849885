using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Process;

internal sealed partial class ProcessMemory
{
    /// <summary>The garbage collector of this process.</summary>
    private sealed class RuntimeCollector : IGarbageCollector
    {
        // The heap of pinned objects gets the first region that there is, and objects in it do not move.
        private static readonly byte[] s_anchor = GC.AllocateArray<byte>(1, pinned: true);

        public long AllocatedBytes => GC.GetTotalMemory(forceFullCollection: false);

        public TimeSpan TotalPause => GC.GetTotalPauseDuration();

        public bool IsInNoGCRegion => GCSettings.LatencyMode == GCLatencyMode.NoGCRegion;

        public CollectorSettings Settings => CollectorSettings.From(GC.GetConfigurationVariables());

        public unsafe long HeapAnchor => (long)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(s_anchor));

        public int FullCollections => GC.CollectionCount(GC.MaxGeneration);

        public int AllCollections => GC.CollectionCount(0);

        public long TotalAllocatedBytes => GC.GetTotalAllocatedBytes(precise: false);

        public GCReading ReadLast() => GCReading.From(GC.GetGCMemoryInfo(GCKind.Any));

        public GCReading ReadLastYoung() => GCReading.From(GC.GetGCMemoryInfo(GCKind.Ephemeral));

        public GCReading ReadLastFullBlocking() => GCReading.From(GC.GetGCMemoryInfo(GCKind.FullBlocking));

        public GCReading ReadLastBackground() => GCReading.From(GC.GetGCMemoryInfo(GCKind.Background));

        [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
        public void CollectInBackground() =>
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false, compacting: false);

        [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
        public void CollectYoung(int generation) =>
            GC.Collect(generation, GCCollectionMode.Forced, blocking: true, compacting: false);

        [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
        public void CompactYoung() => GC.Collect(1, GCCollectionMode.Forced, blocking: true, compacting: true);

        [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
        public void CollectCompacting() =>
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);

        // Aggressive alone decommits what it emptied before it returns: after a compacting, forced collection the same
        // memory stays committed and resident until the collector's own slow trickle gets to it.
        [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
        public void CollectAggressively() =>
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

        [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that collects.")]
        public void CollectFully() =>
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);

        public void WaitForPendingFinalizers() => GC.WaitForPendingFinalizers();
    }
}
