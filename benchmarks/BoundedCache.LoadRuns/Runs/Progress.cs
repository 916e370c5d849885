using BoundedCache.LoadRuns.Load;

namespace BoundedCache.LoadRuns.Runs;

/// <summary>Says on standard error what a run is doing, a line for each step.</summary>
internal sealed class Progress(string subject, RunClock clock)
{
    public void Say(string text) => Console.Error.WriteLine(
        FormattableString.Invariant($"[{subject}] {clock.Elapsed.TotalSeconds,6:0.0} s  {text}"));
}
