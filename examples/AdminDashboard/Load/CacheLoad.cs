using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.AdminDashboard.Load;

/// <summary>Lookups at a steady rate, mostly of popular items. They keep both caches full.</summary>
internal sealed class CacheLoad(
    IMemoryCache catalog, [FromKeyedServices(Dashboard.Sessions)] IMemoryCache sessions, DashboardOptions options)
    : BackgroundService
{
    private const int TicksPerSecond = 20;
    private const int Pages = 40_000;       // 4 to 32 KiB each, 700 MB in all: more than the cache may hold
    private const int Users = 60_000;       // some 2.5 KB each, 150 MB in all
    private const int LookupsOfPagesInTen = 6;

    private readonly Random _random = new(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.LookupsPerSecond == 0)
        {
            return;
        }

        using var ticks = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / TicksPerSecond));
        double due = 0;
        try
        {
            while (await ticks.WaitForNextTickAsync(stoppingToken))
            {
                for (due += (double)options.LookupsPerSecond / TicksPerSecond; due >= 1; due--)
                {
                    LookUp();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service is stopping.
        }
    }

    private void LookUp()
    {
        if (_random.Next(10) < LookupsOfPagesInTen)
        {
            int id = Popular(Pages);
            catalog.GetOrCreate($"page:{id}", _ => Page.Render(id));
        }
        else
        {
            int id = Popular(Users);
            sessions.GetOrCreate($"session:{id}", entry =>
            {
                entry.SlidingExpiration = TimeSpan.FromMinutes(20);
                return Session.Load(id);
            });
        }
    }

    /// <summary>
    /// A random number below a bound. Low numbers are far more frequent: a tenth of them get nearly half of all draws.
    /// </summary>
    private int Popular(int bound) => (int)(bound * Math.Pow(_random.NextDouble(), 3));
}
