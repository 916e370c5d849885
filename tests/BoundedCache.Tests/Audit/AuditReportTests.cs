using BoundedCache.Entries;
using BoundedCache.Harness;
using BoundedCache.Report;
using BoundedCache.Tests.Diagnostics;
using BoundedCache.Tests.Release;
using BoundedCache.Tests.Sizing;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Audit.ChangingValue;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Audit;

/// <summary>What reports, metrics and shrinks make of values whose bytes are not known, or that grew.</summary>
[Collection(HeapTests.Name)]
public sealed class AuditReportTests
{
    private static readonly MemoryBreakdown s_otherLive = new()
    {
        ResidentBytes = 1000 * MiB,
        HeapBytes = 900 * MiB,
        OtherLiveBytes = 800 * MiB,
        IsLiveMeasured = true,
    };

    [Theory]
    [InlineData(0, 0, MemoryReportCause.OtherLive, "It is not the cache")]
    [InlineData(1, 0, MemoryReportCause.UncountedValues, "1 entry was stored before the value was finished")]
    [InlineData(2, 0, MemoryReportCause.UncountedValues, "2 entries were stored before the value was finished")]
    [InlineData(0, 5 * MiB, MemoryReportCause.UncountedValues, "have grown by 5 MiB after")]
    public void A_report_denies_nothing_that_it_does_not_know(
        int unfinished, long grown, MemoryReportCause cause, string text)
    {
        MemoryReportFinding finding = Assert.Single(
            MemoryRules.Check(s_otherLive with { UnfinishedEntries = unfinished, GrownBytes = grown }));

        Assert.Equal(cause, finding.Cause);
        Assert.Contains(text, finding.Text, StringComparison.Ordinal);
        Assert.Equal(
            cause == MemoryReportCause.OtherLive,
            finding.ToString().Contains("Lowering a limit will not help", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(800 * MiB, 1, MemoryReportCause.UncountedValues)]
    [InlineData(800 * MiB, 0, MemoryReportCause.OtherLive)]
    public void Before_a_report_denies_something_values_are_measured_again(
        long otherLive, long found, MemoryReportCause cause)
    {
        MemoryAnalysis analysis = Analysis(otherLive, () => new CacheShare { GrownBytes = found });

        Assert.Equal(cause, Assert.Single(MemoryRules.Check(analysis.Recheck().Breakdown)).Cause);
    }

    [Theory]
    [InlineData(0, 0, MemoryReportCause.OtherLive, "It is not the cache", "Lowering a limit will not help")]
    [InlineData(1, 0, MemoryReportCause.UncountedValues, "1 entry has a value whose type is not followed", "a sizer")]
    [InlineData(4000, 0, MemoryReportCause.UncountedValues, "4000 entries have values whose type", "a sizer")]
    [InlineData(0, 80 * MiB, MemoryReportCause.UncountedValues, "callbacks of entries refer to 80 MiB", "a key or")]
    [InlineData(0, 79 * MiB, MemoryReportCause.OtherLive, "It is not the cache", "Lowering a limit will not help")]
    public void A_report_denies_nothing_that_entries_may_hide(
        long unfollowed, long callbackBytes, MemoryReportCause cause, string text, string advice)
    {
        MemoryAnalysis analysis = Analysis(
            800 * MiB,
            () => new CacheShare { UnfollowedEntries = unfollowed, CallbackBytes = callbackBytes });
        MemoryReportFinding finding = Assert.Single(MemoryRules.Check(analysis.Recheck().Breakdown));

        Assert.Equal(cause, finding.Cause);
        Assert.Contains(text, finding.Text, StringComparison.Ordinal);
        Assert.Contains(advice, finding.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("look again in a minute", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_denies_nothing_where_the_time_was_over_before_all_entries_were_looked_at()
    {
        MemoryAnalysis analysis = Analysis(800 * MiB, static () => new CacheShare { IsSearchCut = true });
        MemoryReportFinding finding = Assert.Single(MemoryRules.Check(analysis.Recheck().Breakdown));

        Assert.Equal(MemoryReportCause.OtherLive, finding.Cause);
        Assert.DoesNotContain("It is not the cache", finding.Text, StringComparison.Ordinal);
        Assert.StartsWith("There was no time to look at all entries", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void A_look_that_ends_early_says_so()
    {
        using var test = new CacheUnderTest();
        for (int i = 0; i < 50_000; i++)
        {
            test.Cache.Set(i, "text");
        }

        Assert.True(test.Cache.Audit!.FindUnfollowed(TimeSpan.Zero).IsCut);
        Assert.False(test.Cache.Audit!.FindUnfollowed(TimeSpan.FromSeconds(30)).IsCut);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_measurement_again_that_ends_early_says_so(bool charges)
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1L << 30);
        for (int i = 0; i < 1000; i++)
        {
            test.Cache.Set(i, new Holder());
        }

        Assert.True(test.Cache.Audit!.Reexamine(TimeSpan.Zero, charges).IsCut);
        Assert.False(test.Cache.Audit!.Reexamine(TimeSpan.FromMinutes(1), charges).IsCut);
    }

    /// <summary>A chain that is too long to be counted at once is walked to its end only where there is time.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_value_does_not_make_a_measurement_again_longer_than_its_time(bool charges)
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1L << 30);
        var holder = new Holder();
        test.Cache.Set("key", holder);
        long before = test.Cache.UsedMemory;
        Chain? chain = null;
        for (int i = 0; i < 200_000; i++)
        {
            chain = new Chain(chain);
        }

        holder.Content = chain;
        Assert.Equal(new Reexamination(0, IsCut: true), test.Cache.Audit!.Reexamine(TimeSpan.Zero, charges));
        Assert.Equal(before, test.Cache.UsedMemory);

        Reexamination found = test.Cache.Audit!.Reexamine(TimeSpan.FromMinutes(1), charges);
        Assert.InRange(found.GrownBytes, 200_000 * 24, 200_000 * 25);
        Assert.False(found.IsCut);
    }

    [Fact]
    public void A_measurement_again_beside_one_that_goes_on_says_that_it_found_nothing_out()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("key", new Holder());
        Reexamination found = default;
        test.Cache.Audit!.WhileBusy(() => found = test.Cache.Audit!.Reexamine(TimeSpan.Zero, charges: false));

        Assert.Equal(new Reexamination(0, IsCut: true), found);
    }

    public static TheoryData<string, bool> Values => new()
    {
        { "service", true },
        { "task of a service", true },
        { "made lazy of a service", true },
        { "lambda over a list", true },
        { "lambda over a list in a nested scope", true },
        { "method of a list", true },
        { "two lambdas", true },
        { "record with a running task", true },
        { "record with a failed task", false },
        { "pair with a running task", true },
        { "running tasks", true },
        { "class with a lazy of a running task", true },
        { "record with a lazy over a list", true },
        { "record with a lazy over data", false },
        { "event of a service", true },
        { "lambda over data", false },
        { "lambda over nothing", false },
        { "list", false },
        { "text", false },
        { "null", false },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Entries_that_may_hide_something_are_found(string kind, bool isHidden)
    {
        using var test = new CacheUnderTest();
        for (int i = 0; i < 700; i++)
        {
            test.Cache.Set(i, i % 7 == 0 ? Make(kind) : "text");
        }

        CacheShare again = LiveCaches.ReadShare([test.Cache]).Recheck!();
        Assert.Equal(isHidden ? 100 : 0, test.Cache.Audit!.FindUnfollowed(TimeSpan.FromSeconds(30)).Entries);
        // The time is shared with all caches of other tests.
        Assert.True(!isHidden || again.UnfollowedEntries >= 100 || again.IsSearchCut, "the share does not tell");
    }

    [Fact]
    public void A_sizer_or_a_declared_size_tells_what_such_values_need()
    {
        using var test = new CacheUnderTest(static options => options.AddSizer<Service>(static service => 50_000));
        test.Cache.Set("sized", new Service());
        test.Cache.SetWithSize("declared", Make("lambda over a list"), 10_000);

        Assert.Equal(default, test.Cache.Audit!.FindUnfollowed(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void What_callbacks_refer_to_is_counted_once()
    {
        using var test = new CacheUnderTest();
        byte[] state = new byte[100_000];
        for (int i = 0; i < 10; i++)
        {
            using ICacheEntry entry = test.Cache.CreateEntry(i);
            entry.Value = "text";
            entry.RegisterPostEvictionCallback(static (_, _, _, _) => { }, i < 9 ? state : new byte[100_000]);
        }

        UnfollowedValues found = test.Cache.Audit!.FindUnfollowed(TimeSpan.FromSeconds(30));
        Assert.Equal(0, found.Entries);
        Assert.InRange(found.CallbackBytes, 200_000, 201_000);
    }

    [Fact]
    public void A_report_that_denies_nothing_measures_nothing()
    {
        MemoryAnalysis analysis = Analysis(10 * MiB, static () => throw new InvalidTimeZoneException());

        Assert.Same(analysis, analysis.Recheck());
    }

    [Fact]
    public void The_share_of_the_caches_tells_what_is_unfinished_and_finds_what_grew()
    {
        using var test = new CacheUnderTest();
        var holder = new Holder();
        test.Cache.Set("lazy", new Lazy<int>(static () => 1));
        test.Cache.Set("key", holder);
        holder.Content = new byte[100_000];
        (long before, long audited) = (test.Cache.UsedMemory, test.Cache.GetSnapshot().AuditedEntries);
        CacheShare share = LiveCaches.ReadShare([test.Cache]);
        CacheShare again = share.Recheck!();

        Assert.InRange(share.UnfinishedEntries, 1, int.MaxValue);
        Assert.InRange(again.GrownBytes, 100_000, long.MaxValue);
        Assert.Null(again.Recheck);
        Assert.Equal(before, test.Cache.UsedMemory);
        Assert.True(test.Cache.GetSnapshot().AuditedEntries > audited, "nothing was measured");
    }

    [Fact]
    public void Caches_that_count_more_bytes_than_a_number_holds_do_not_fail_a_report()
    {
        CacheShare share = LiveCaches.ReadShare([new FullCache(), new FullCache()]);

        Assert.Equal((long.MaxValue, 2), (share.Bytes, share.Counted));
    }

    [Fact]
    public void A_report_has_a_row_for_unfinished_entries_without_bytes()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("lazy", new Lazy<int>(static () => 1));
        MemoryReport report = MemoryReport.Capture();
        MemoryReportRow row = report.Rows.Single(static row => row.Kind == MemoryReportRowKind.UnfinishedEntries);

        Assert.Equal((0, true), (row.Bytes, row.IsEstimate));
        Assert.Matches("^[1-9][0-9]* entr(y|ies), among the other live objects$", row.Basis);
        Assert.Contains("bytes not known", report.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_tell_what_is_unfinished_and_what_was_found()
    {
        using var meters = new MeterFactory();
        using var reader = new MeterReader(meters);
        using var test = new CacheUnderTest(meters: meters);
        var holder = new Holder();
        test.Cache.Set("lazy", new Lazy<int>(static () => 1));
        test.Cache.Set("key", holder);
        holder.Content = new byte[1000];
        AuditTests.Lap(test, 2);
        string[] lines = reader.Collect("test");

        Assert.Contains("unfinished 1", lines);
        Assert.Contains("changed 1", lines);
        Assert.Contains("memory.grown 1024", lines);
        Assert.Contains("memory.uncharged 0", lines);
        Assert.DoesNotContain("audited 0", lines);
    }

    [Fact]
    public async Task A_shrink_beside_much_that_is_alive_measures_the_entries_that_stay()
    {
        using var test = new ReleasingCache();
        Holder[] holders = [.. Enumerable.Range(0, 100).Select(static _ => new Holder())];
        for (int i = 0; i < holders.Length; i++)
        {
            test.Cache.Set(i, holders[i]);
            holders[i].Content = new byte[100_000];
        }

        test.Process.LiveBytes += 500 * MiB;
        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(2 * MiB);

        Assert.Equal(2 * MiB / 100_200, test.Cache.Count);
        Assert.Equal(100 - test.Cache.Count, report.EntriesEvicted);
        Assert.NotEqual(ReleaseOutcome.Skipped, report.Outcome);
    }

    [Theory]
    [InlineData(500, true)]
    [InlineData(1, false)]
    public async Task A_shrink_that_empties_a_cache_releases_where_much_else_is_alive(
        long aliveMebibytes, bool releases)
    {
        using var test = new ReleasingCache();
        test.Cache.Set("lazy", new Lazy<byte[]>(static () => new byte[1000]));
        test.Process.LiveBytes = aliveMebibytes * MiB;
        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(1);

        Assert.Equal(0, test.Cache.Count);
        Assert.Equal(releases, report.Outcome != ReleaseOutcome.Skipped);
    }

    [Fact]
    public async Task A_shrink_that_evicts_unfinished_values_releases_whatever_they_were_charged()
    {
        using var test = new ReleasingCache();
        test.Cache.Set("lazy", new Lazy<byte[]>(static () => new byte[1000]));
        test.Cache.Set("text", "text");
        test.Process.LiveBytes += 500 * MiB;
        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(test.Cache.UsedMemory - 1);

        Assert.Equal(1, test.Cache.Count);
        Assert.NotEqual(ReleaseOutcome.Skipped, report.Outcome);
    }

    private static object? Make(string kind)
    {
        var list = new List<byte[]> { new byte[100] };
        byte[] data = new byte[100];
        return kind switch
        {
            "service" => new Service(),
            "task of a service" => Task.FromResult(new Service()),
            "made lazy of a service" => new Lazy<Task<Service>>(Task.FromResult(new Service())),
            "lambda over a list" => OverList(list),
            "lambda over a list in a nested scope" => OverBoth(list, data),
            "method of a list" => new Func<byte[], bool>(list.Contains),
            "record with a running task" => new Cached(new TaskCompletionSource<byte[]>().Task, default),
            "record with a failed task" => new Cached(Task.FromException<byte[]>(new FormatException()), default),
            "pair with a running task" => (new TaskCompletionSource<byte[]>().Task, DateTime.UnixEpoch),
            "running tasks" => new[] { new TaskCompletionSource<byte[]>().Task },
            "class with a lazy of a running task" => new Holder { Content = Made(new()) },
            "record with a lazy over a list" => new Item(new Lazy<int>(OverList(list))),
            "record with a lazy over data" => new Item(new Lazy<int>(OverData(data))),
            "event of a service" => new Holder { Content = new EventHandler(new Service().OnEvent) },
            "two lambdas" => OverData(data) + OverData(data),
            "lambda over data" => OverData(data),
            "lambda over nothing" => static () => 1,
            "list" => list,
            "null" => null,
            _ => "text",
        };
    }

    private static Lazy<Task<byte[]>> Made(TaskCompletionSource<byte[]> source)
    {
        var lazy = new Lazy<Task<byte[]>>(() => source.Task);
        Assert.False(lazy.Value.IsCompleted);
        return lazy;
    }

    private static Func<int> OverList(List<byte[]> list) => () => list.Count;

    private static Func<int> OverData(byte[] data) => () => data.Length;

    private static Func<int> OverBoth(List<byte[]> list, byte[] data)
    {
        Func<int>? last = null;
        for (int i = 0; i < 2; i++)
        {
            int number = i;
            last = () => number + list.Count + data.Length;
        }

        return last!;
    }

    /// <summary>A cache whose entries declare that they are as large as can be.</summary>
    private sealed class FullCache : ILiveCache
    {
        public bool IsMeasured => true;

        public EvictionPolicy EvictionPolicy => EvictionPolicy.LeastRecentlyUsed;

        public int Count => 1;

        public long UsedMemory => long.MaxValue;

        public long LimitBytes => long.MaxValue;

        public long OverdueBytes => 0;

        public CachePressure? Pressure => null;

        public long CreditedBytes => 0;

        public AuditTotals AuditTotals => default;

        public Reexamination Reexamine(TimeSpan budget) => default;
    }

    private sealed class Chain(Chain? next)
    {
        public Chain? Next { get; set; } = next;
    }

    private sealed record Cached(Task<byte[]> Value, DateTime At);

    private sealed record Item(Lazy<int> Value);

    private sealed class Service : IServiceProvider
    {
        public void OnEvent(object? sender, EventArgs args)
        {
        }

        public byte[] Data { get; } = new byte[500];

        public object? GetService(Type serviceType) => null;
    }

    private static MemoryAnalysis Analysis(long otherLive, Func<CacheShare> recheck) => new()
    {
        Breakdown = s_otherLive with { OtherLiveBytes = otherLive },
        Caches = new CacheShare { Recheck = recheck },
        IsHeapCounted = true,
        GCPause = TimeSpan.Zero,
        Duration = TimeSpan.Zero,
        Notes = [],
    };
}
