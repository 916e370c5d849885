using BoundedCache.Engine;
using BoundedCache.Sizing;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

/// <summary>The code of SIZES.md, compiled and run, and the numbers that it gives.</summary>
public class SizesPageTests
{
    private static readonly string s_page = File.ReadAllText(
        Path.Combine(SourceTree.FindRoot(), "docs", "SIZES.md"));

    [Fact]
    public void The_code_on_the_page_runs_and_does_what_it_says()
    {
        // SIZES begins
        // Bitmaps keep native memory, which no walk sees.
        var options = new BoundedMemoryCacheOptions { MaxMemory = 512 << 20 }
            .AddSizer<Bitmap>(bitmap => bitmap.Width * bitmap.Height * 4L + 200);

        using var cache = new BoundedMemoryCache(options);

        // Charged 1,229,000 bytes, and for the key and the table.
        cache.Set("logo", new Bitmap(640, 480));
        // SIZES pauses
        long key = ObjectMeasurer.SizeOfString("logo".Length);
        Assert.Equal(1_229_000 + key + CacheEngine.TableBytesPerEntry, cache.UsedMemory);
        // SIZES goes on
        // Charged at least 50,000 bytes.
        cache.Set("report", new Report(), new MemoryCacheEntryOptions { Size = 50_000 });

        // SIZES pauses
        long before = cache.UsedMemory;
        Assert.True(before > 1_229_000 + 50_000);
        // SIZES goes on
        var report = cache.Get<Report>("report")!;
        // From now on it keeps 2 MB of pages, and is charged for them once it is measured again.
        report.Render();
        bool stays = cache.Remeasure("report");
        // SIZES ends
        Assert.True(stays);
        Assert.InRange(cache.UsedMemory - before, 1_940_000, 2_000_000);
    }

    [Fact]
    public void The_page_shows_that_very_code()
    {
        string source = File.ReadAllText(
            Path.Combine(SourceTree.FindRoot(), "tests", "BoundedCache.Tests", "SizesPageTests.cs"));
        string code = source.Split("// SIZES begins")[1].Split("// SIZES ends")[0];
        code = string.Concat(code.Split("// SIZES pauses")
            .Select(static (part, i) => i == 0 ? part : part.Split("// SIZES goes on")[1]));

        Assert.Contains(Squeezed(code), Squeezed(s_page), StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_states_the_bounds_and_shares_that_the_code_has()
    {
        var details = new EntryDetails
        {
            Value = null,
            Callbacks = [],
            Tokens = [],
            AbsoluteExpirationTicks = 0,
            SlidingTicks = 1,
            LastAccessTicks = 0,
        };
        string[] stated =
        [
            $"| {CacheEngine.TableBytesPerEntry} bytes an entry; {CacheEngine.DeadlineBytesPerEntry} more if it "
                + $"expires; {details.OwnBytes} and its arrays",
            $"**{GraphBounds.Default.MaxObjects:N0} objects or {GraphBounds.Default.MaxSteps:N0} elements**",
            $"**{GraphBounds.Default.MaxLinkedObjects:N0} objects**",
            $"**{GraphBounds.Default.MaxConnectedObjects:N0} objects**",
            $"the smallest object, {ObjectSize.Minimum} bytes",
        ];
        string page = string.Join(' ', s_page.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.All(stated, text => Assert.Contains(text, page, StringComparison.Ordinal));
    }

    private static string Squeezed(string text) =>
        string.Join('\n', text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    private sealed record Bitmap(int Width, int Height);

    private sealed class Report
    {
        public byte[][] Pages { get; private set; } = [];

        public void Render() => Pages = [.. Enumerable.Range(0, 20).Select(static _ => new byte[100_000])];
    }
}
