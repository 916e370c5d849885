using System.Globalization;
using BoundedCache.ShrinkDemo.Caches;
using BoundedCache.ShrinkDemo.Rendering;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Workloads;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BoundedCache.ShrinkDemo.Progress;

/// <summary>
/// Progress on a terminal: the table as it grows, and below it the current stage, redrawn in
/// place and removed at the end.
/// </summary>
internal sealed class LiveProgress(IAnsiConsole console, IDemoCache cache) : ProgressView, IStoryObserver
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly WorkRate _rate = new(s_interval);
    private readonly List<StageResult> _finished = [];
    private LiveDisplayContext? _display;
    private int _secondsLeft;
    private string _stage = string.Empty;

    public override Task<DemoResult> ShowAsync(Func<IStoryObserver, Task<DemoResult>> tell) =>
        console.Live(new Text(string.Empty)).AutoClear(true).Overflow(VerticalOverflow.Crop).StartAsync(display =>
        {
            _display = display;
            return tell(this);
        });

    public void StageStarted(int number, string label)
    {
        _stage = $"{number} {label}";
        _rate.Restart();
        _secondsLeft = -1;
        Draw(string.Empty);
    }

    public void Worked(WorkProgress progress)
    {
        if (_rate.IsDue(progress))
        {
            Draw(string.Create(CultureInfo.InvariantCulture, $"{Bar(progress.Share)} {progress.Share,4:0%}  {_rate}"));
        }
    }

    public void Watching(TimeSpan left)
    {
        // Once a second: drawing allocates, and the watched process should be idle.
        int seconds = (int)Math.Ceiling(left.TotalSeconds);
        if (seconds != _secondsLeft)
        {
            _secondsLeft = seconds;
            Draw(string.Create(CultureInfo.InvariantCulture, $"done, watching the process for {seconds} s"));
        }
    }

    public void StageFinished(StageResult result) => _finished.Add(result);

    /// <summary>A progress bar of fixed width, in markup.</summary>
    private static string Bar(double share)
    {
        const int Width = 20;
        int full = (int)Math.Round(Math.Clamp(share, 0, 1) * Width);
        return $"[{Palette.Accent}]{new string('━', full)}[/][grey35]{new string('━', Width - full)}[/]";
    }

    private void Draw(string activity)
    {
        ProcessMemorySnapshot memory = ProcessMemorySnapshot.Take();
        var now = new Markup(
            $"[bold]{Markup.Escape(_stage)}[/]  {activity}\n"
            + $"cache [{Palette.Cache}]{ByteSize.Format(cache.UsedBytes)}[/]  live "
            + $"[{Palette.Live}]{ByteSize.Format(memory.LiveBytes)}[/]  committed "
            + $"[{Palette.Committed}]{ByteSize.Format(memory.CommittedBytes)}[/]  RSS [bold "
            + $"{Palette.Resident}]{ByteSize.Format(memory.ResidentBytes)}[/]");
        IRenderable screen = _finished.Count == 0
            ? now
            : new Rows(StageTable.Create(_finished, console.Profile.Width), now);
        _display!.UpdateTarget(screen);
    }
}
