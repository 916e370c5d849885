using System.Diagnostics;

namespace BoundedCache.Comparisons.Output;

/// <summary>Tells on standard error what is being measured, and how long the rest will take.</summary>
internal sealed class Progress(TextWriter error)
{
    private long _started;
    private int _steps;
    private int _done;

    public void Begin(int steps) => (_started, _steps, _done) = (Stopwatch.GetTimestamp(), steps, 0);

    public void Step(string what)
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_started);
        string left = _done == 0 ? "" : $", about {elapsed.TotalSeconds / _done * (_steps - _done):N0} s left";
        error.WriteLine($"[{++_done}/{_steps}{left}] {what}");
    }
}
