using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Results;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>
/// The notes below the table: how to read it and what else happened. The same in the terminal and in HTML.
/// </summary>
internal static class ResultNotes
{
    public static string HowToRead(SetupResult setup) =>
        $"Memory is read {Figures.Seconds(setup.Wait)} after each step ({Figures.Seconds(2 * setup.Wait)} in stage 3); "
        + "time is the step alone; live heap and committed are as of the last garbage collection. Stage 1 comes after "
        + "a rehearsal in miniature, so that all code is loaded. Allowed above it are 1.10 times the limit and 10 MiB.";

    public static IReadOnlyList<string> Create(DemoResult result)
    {
        var notes = new List<string>();
        string cache = result.Setup.Cache.DisplayName();
        AccessResult access = result.Access;
        if (result.Trace is { } trace)
        {
            notes.Add(
                $"Trace {trace.File}: {Figures.Count(trace.Requests)} requests, "
                    + $"hit ratio {Figures.Ratio(trace.HitRatio)}, byte hit ratio {Figures.Ratio(trace.ByteHitRatio)} "
                    + $"({ByteSize.Format(trace.HitBytes)} of {ByteSize.Format(trace.RequestedBytes)}).");
        }

        long limit = result.Setup.MaxMemoryBytes;
        notes.Add(
            $"Highest RSS in the run: {ByteSize.Format(result.PeakResidentBytes)}; above the empty process that is "
            + $"{Figures.Times(result.PeakResidentBytes - result.Stages[0].ResidentBytes, limit)} "
            + $"the limit of {ByteSize.Format(limit)}.");

        if (access.Dropped > 0)
        {
            notes.Add(
                $"{cache} did not take {Figures.Count(access.Dropped)} of {Figures.Count(access.Writes)} writes "
                + $"({Figures.Ratio((double)access.Dropped / access.Writes)}): they could not be read straight back.");
        }

        if (access.TooLarge > 0)
        {
            notes.Add($"{Figures.Count(access.TooLarge)} values were larger than the limit and not cached.");
        }

        if (result.Setup.Cache == CacheKind.MemoryCache)
        {
            notes.Add("MemoryCache counts the sizes that entries declare, here key characters and value; "
                + "its own share of the memory is not in its bytes.");
        }

        notes.Add(
            $"Checked: {Figures.Count(access.Writes)} writes, each read straight back, "
            + $"and {Figures.Count(access.Reads)} further reads; "
            + (access.Wrong == 0
                ? "no wrong value was returned."
                : $"{Figures.Count(access.Wrong)} WRONG values were returned."));
        return notes;
    }
}
