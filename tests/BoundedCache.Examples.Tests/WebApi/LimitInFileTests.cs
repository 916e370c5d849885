using System.Net;
using System.Net.Http.Json;
using BoundedCache.TestSupport;
using BoundedCache.WebApi;

namespace BoundedCache.Examples.Tests.WebApi;

/// <summary>
/// The example WebApi, run as it is, and the limit in its <c>appsettings.json</c>, which is changed meanwhile.
/// </summary>
public sealed class LimitInFileTests
{
    private const int Clients = 8;

    [Fact]
    public async Task Lowering_the_limit_in_the_file_shrinks_the_running_service_and_every_answer_is_right()
    {
        using var service = new WebApiProcess(maxMemory: "8MB");
        await service.StartAsync();
        await Parallel.ForEachAsync(Enumerable.Range(1, 400), async (id, _) => await AssertRightAsync(service, id));
        CacheState filled = await service.GetStateAsync();
        Assert.Equal(8 << 20, filled.MaxMemoryBytes);
        Assert.InRange(filled.UsedMemoryBytes, 7 << 20, 8 << 20);
        Assert.InRange(filled.Entries, 1, 399);

        using var enough = new CancellationTokenSource();
        Task<int>[] customers =
            [.. Enumerable.Range(0, Clients).Select(client => BuyAsync(service, client, enough.Token))];
        service.ConfigureMaxMemory("1MB");
        CacheState shrunk = await Until(
            service, static state => state.MaxMemoryBytes == 1 << 20 && state.UsedMemoryBytes <= 1 << 20, customers);

        await service.WaitForAsync(
            $"default: Cache:MaxMemory has changed; the limit goes from {8 << 20} to {1 << 20} bytes");
        await service.WaitForAsync("default: limit 8 MiB -> 1 MiB; evicted ");
        Assert.InRange(shrunk.Entries, 1, filled.Entries / 4);

        service.ConfigureMaxMemory("many");
        await service.WaitForAsync("default: Cache has changed and is refused");
        service.ConfigureMaxMemory("4MB");
        await Until(
            service, static state => state.MaxMemoryBytes == 4 << 20 && state.UsedMemoryBytes > 3 << 20, customers);
        await enough.CancelAsync();
        Assert.All(await Task.WhenAll(customers), static answers => Assert.True(answers > 0));
    }

    /// <summary>
    /// Asks for one product after the other, and for one that does not exist, and checks each answer.
    /// </summary>
    private static async Task<int> BuyAsync(WebApiProcess service, int client, CancellationToken enough)
    {
        var random = new Random(client);
        int answers = 0;
        while (!enough.IsCancellationRequested)
        {
            await AssertRightAsync(service, random.Next(1, 400));
            using HttpResponseMessage missing = await service.Client.GetAsync(
                new Uri($"/products/{ProductSource.LastId + 1}", UriKind.Relative), CancellationToken.None);
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
            answers++;
        }

        return answers;
    }

    private static async Task AssertRightAsync(WebApiProcess service, int id) =>
        Assert.Equal(ProductSource.Make(id), await service.Client.GetFromJsonAsync<Product>($"/products/{id}"));

    /// <summary>Asks the service for the state of its cache until it is as it should be, in bounded time.</summary>
    private static async Task<CacheState> Until(
        WebApiProcess service, Predicate<CacheState> condition, Task[] meanwhile)
    {
        using var limit = new CancellationTokenSource(ProgramProcess.Hung);
        while (true)
        {
            if (Array.Find(meanwhile, static task => task.IsFaulted) is { } failed)
            {
                await failed;
            }

            CacheState state = await service.GetStateAsync();
            if (condition(state))
            {
                return state;
            }

            Assert.False(limit.IsCancellationRequested, $"It stayed at {state}; it logged:\n{service.Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }
}
