using BoundedCache;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddCountedCache();
builder.Services.AddHostedService<Counter>();
await builder.Build().RunAsync();

internal sealed class Counter(BoundedMemoryCache cache, IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Console.WriteLine(await Counts.OfAsync(cache));
        lifetime.StopApplication();
    }
}
