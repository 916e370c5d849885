using System.Globalization;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Results;

/// <summary>Describes the result of a run in one plain sentence with its numbers.</summary>
internal static class Verdict
{
    public static string Write(DemoResult result)
    {
        if (result.Faults.Count > 0)
        {
            return $"The cache is at fault: {string.Join("; ", result.Faults)}.";
        }

        StageResult empty = result.Stages[0];
        StageResult full = result.Stages.First(stage => stage.Kind == StageKind.Fill);
        StageResult lowered = result.Stages.First(stage => stage.Kind == StageKind.Lower);
        StageResult released = result.Stages.First(stage => stage.Kind == StageKind.Release);
        return $"With the limit lowered from {Size(full.LimitBytes)} to {Size(lowered.LimitBytes)}, RSS "
            + $"{Changes(full, lowered, released, Afterwards(result, released))}: {Judge(result, empty)}.";
    }

    public static string Write(DemoResult boundedCache, DemoResult memoryCache)
    {
        StageResult ours = boundedCache.Stages.First(stage => stage.Kind == StageKind.Release);
        StageResult theirs = memoryCache.Stages.First(stage => stage.Kind == StageKind.Release);
        string dropped = memoryCache.Access.Dropped == 0
            ? string.Empty
            : $"; {CacheKind.MemoryCache.DisplayName()} also did not take "
                + $"{Share(memoryCache.Access.Dropped, memoryCache.Access.Writes)} of the writes, being full";
        return $"Brought down to {Size(ours.LimitBytes)}, the process of {CacheKind.BoundedCache.DisplayName()} needs "
            + $"{Size(ours.ResidentBytes)} of RSS and that of {CacheKind.MemoryCache.DisplayName()} "
            + $"{Size(theirs.ResidentBytes)}, {Times(theirs.ResidentBytes, ours.ResidentBytes)}{dropped}.";
    }

    private static string Changes(StageResult full, StageResult lowered, StageResult released, string afterwards)
    {
        string first = Verb(full, lowered);
        string second = Verb(lowered, released);
        return $"{first} {Size(lowered.ResidentBytes)} when entries were let go and "
            + $"{(second == first ? second.Split(' ')[1] : second)} {Size(released.ResidentBytes)} {afterwards}";
    }

    /// <summary>How RSS changed; a few per cent count as no change.</summary>
    private static string Verb(StageResult before, StageResult after) =>
        ((double)after.ResidentBytes / before.ResidentBytes) switch
        {
            < 0.95 => "fell to",
            > 1.05 => "rose to",
            _ => "stayed at",
        };

    private static string Afterwards(DemoResult result, StageResult released) =>
        result.Setup.Release == ReleaseMode.None
            ? "after more waiting"
            : $"{(result.Setup.Cache == CacheKind.MemoryCache ? "after GC.Collect()" : "when memory was released")} "
                + $"(GC pause {Milliseconds(released.GcPause)})";

    private static string Judge(DemoResult result, StageResult empty)
    {
        PromiseResult? broken = result.Promises.FirstOrDefault(promise => !promise.Kept);
        PromiseResult shown = broken ?? result.Promises[0];
        string measured = $"{(shown.AboveEmptyBytes > 0 ? Size(shown.AboveEmptyBytes) : "nothing")} above the "
            + $"{Size(empty.ResidentBytes)} of the empty process";
        if (broken is null)
        {
            string within = $"{measured}, where {Size(shown.AllowedBytes)} are allowed";
            return result.Promises.Count == 1 ? within : $"{within}, and at every lower limit it is within bounds too";
        }

        string over = $"at a limit of {Size(shown.LimitBytes)} it stands {measured}, where "
            + $"{Size(shown.AllowedBytes)} are allowed";
        return result.Setup switch
        {
            { Release: ReleaseMode.None } => $"nothing was released, and {over}",
            { Cache: CacheKind.MemoryCache } => $"memory did not follow the counter, {over}",
            _ => $"RSS did NOT fall as promised, {over}",
        };
    }

    private static string Size(long bytes) => ByteSize.Format(bytes);

    private static string Milliseconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:N0} ms");

    private static string Share(long part, long whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / whole:0.#} %");

    private static string Times(long more, long less) => more < less
        ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * more / less:0} % of that")
        : string.Create(CultureInfo.InvariantCulture, $"{(double)more / less:0.0} times as much");
}
