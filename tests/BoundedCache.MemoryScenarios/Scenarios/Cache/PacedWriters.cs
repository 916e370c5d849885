namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>
/// Eight writers fill a cache of 64 MiB with new values at full speed. The peak is taken after the first second: until
/// then the process itself grows.
/// </summary>
internal class PacedWriters : Scenario
{
    public const long LimitBytes = 64L << 20;

    private const int Writers = 8;
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(5);

    private volatile bool _over;

    protected virtual double PacingShare => new BoundedMemoryCacheOptions().PacingShare;

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = LimitBytes,
            PacingShare = PacingShare,
            ReleaseMode = ReleaseMode.None,
        });
        Thread[] writers = [.. Enumerable.Range(0, Writers).Select(writer => new Thread(() => Write(cache, writer)))];
        Array.ForEach(writers, static writer => writer.Start());
        Thread.Sleep(s_warmUp);
        long peakBytes = 0;
        for (DateTime end = DateTime.UtcNow + s_time; DateTime.UtcNow < end; Thread.Sleep(10))
        {
            peakBytes = Math.Max(peakBytes, ScenarioResult.Anonymous(ProcessMemorySnapshot.Take()));
        }

        _over = true;
        Array.ForEach(writers, static writer => writer.Join());
        return new ScenarioResult
        {
            EmptyBytes = ScenarioResult.Anonymous(empty),
            AfterBytes = peakBytes,
            LiveBytes = cache.UsedMemory,
            Figures = new Dictionary<string, double>
            {
                ["writtenBytes"] = cache.Engine.CreditedBytes + cache.UsedMemory,
                ["waits"] = cache.GetSnapshot().WriterWaits,
            },
        };
    }

    private void Write(BoundedMemoryCache cache, int writer)
    {
        var random = new Random(writer);
        for (long i = 0; !_over; i++)
        {
            cache.Set((i * Writers) + writer, new byte[random.Next(512, 1536)]);
        }
    }
}
