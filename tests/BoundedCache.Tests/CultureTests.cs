using System.Diagnostics;
using System.Globalization;
using BoundedCache.Release;
using BoundedCache.Tests.Process;
using BoundedCache.TestSupport;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests;

/// <summary>Texts do not depend on the culture of the thread that writes them.</summary>
public sealed class CultureTests : IDisposable
{
    private readonly CultureInfo _before = CultureInfo.CurrentCulture;

    public CultureTests()
    {
        // As de-DE writes them, and with a sign that no culture has.
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NumberGroupSeparator) = (",", ".");
        culture.NumberFormat.NegativeSign = "minus ";
        CultureInfo.CurrentCulture = culture;
    }

    public void Dispose() => CultureInfo.CurrentCulture = _before;

    [Fact]
    public void How_long_a_release_was_owed()
    {
        var now = new ProcessMemorySnapshot();
        var end = new OwedEnd(
            ReleaseResult.None(ReleaseOutcome.Released, "It ran.", now, now, Stopwatch.GetTimestamp()),
            TimeSpan.FromSeconds(1.5),
            ReleaseObstacle.Storm,
            ReleaseObstacle.None,
            Tries: 1);

        Assert.StartsWith("It ran. This release was owed for 1.5 s: ", end.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void When_a_release_that_was_put_off_comes()
    {
        FakeProcess process = new();
        var request = new ReleaseRequest { ExpectedBytes = 40 * MiB };
        var throttle = new ReleaseThrottle(
            process.Memory.Collector, new ReleaseThresholds { StormWindow = TimeSpan.FromDays(1) });
        throttle.NoteRun(request, 1);
        throttle.NoteRun(request, 2);

        string? reason = throttle.Admit(ref request, process.Memory.TakeSnapshot(), out _);

        Assert.Matches(@" in \d+\.\d s at the latest\.$", reason);
    }

    [Fact]
    public void How_long_slices_took()
    {
        FakeProcess process = new() { DeadBytes = 40 * MiB };
        var thresholds = new ReleaseThresholds { FruitlessSlices = 3 };
        var run = new ReleaseRun(
            process.Memory,
            thresholds,
            new ReleaseRequest { ExpectedBytes = 40 * MiB, Mode = ReleaseMode.Gentle },
            process.Memory.TakeSnapshot())
        {
            WaitForFinalizers = static () => true,
            Pause = static _ => null,
            CallbacksFinished = true,
        };

        Assert.Matches(@" slices within \d+\.\d s\.", run.Execute(Stopwatch.GetTimestamp()).Reason);
    }

    [Fact]
    public void What_was_wrong()
    {
        using var log = new RecordingLog();
        var options = new BoundedMemoryCacheOptions { MaxMemory = 1000 };
        options.AddSizer<Version>(static _ => -7);
        using var cache = new BoundedMemoryCache(options, log);
        using var bytes = new BoundedByteCache(new BoundedByteCacheOptions { MaxMemory = 1 << 20 });
        cache.Set("key", new Version(1, 2));

        Assert.Contains(log.Records, static record =>
            record.Exception?.Message.EndsWith("from the sizer, got -7.", StringComparison.Ordinal) == true);
        Assert.All(
            (IBoundedCache[])[cache, bytes],
            static each => Assert.StartsWith(
                "Expected a limit of at least 1 byte, got -5.",
                Assert.Throws<ArgumentOutOfRangeException>(() => each.MaxMemory = -5).Message,
                StringComparison.Ordinal));
    }
}
