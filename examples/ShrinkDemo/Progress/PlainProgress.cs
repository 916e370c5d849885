using System.Globalization;
using BoundedCache.ShrinkDemo.Caches;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.ShrinkDemo.Progress;

/// <summary>
/// Progress without a terminal: a line when a stage begins, from time to time while it works, and when it ends.
/// </summary>
internal sealed class PlainProgress(TextWriter writer, IDemoCache cache) : ProgressView, IStoryObserver
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);

    private readonly WorkRate _rate = new(s_interval);
    private string _stage = string.Empty;

    public override Task<DemoResult> ShowAsync(Func<IStoryObserver, Task<DemoResult>> tell) => tell(this);

    public void StageStarted(int number, string label)
    {
        _stage = $"{number} {label}";
        _rate.Restart();
    }

    public void Worked(WorkProgress progress)
    {
        if (_rate.IsDue(progress))
        {
            ProcessMemorySnapshot memory = ProcessMemorySnapshot.Take();
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{_stage}: {progress.Share:0%} {_rate}, "
                    + $"{Figures(cache.UsedBytes, memory.LiveBytes, memory.CommittedBytes, memory.ResidentBytes)}"));
        }
    }

    public void Watching(TimeSpan left)
    {
    }

    public void StageFinished(StageResult result) =>
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Number} {result.Label}: done in {result.Elapsed.TotalSeconds:0.00} s, "
            + $"{Figures(result.CacheBytes, result.LiveBytes, result.CommittedBytes, result.ResidentBytes)}"));

    private static string Figures(long cache, long live, long committed, long resident) =>
        $"cache {ByteSize.Format(cache)}, live {ByteSize.Format(live)}, committed {ByteSize.Format(committed)}, "
        + $"RSS {ByteSize.Format(resident)}";
}
