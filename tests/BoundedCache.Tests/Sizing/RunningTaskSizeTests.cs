using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Sizing;

/// <summary>What a task that runs is charged: not the service whose method it runs.</summary>
public sealed class RunningTaskSizeTests : IDisposable
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _gate.TrySetResult();

    [Fact]
    public async Task A_task_that_runs_is_not_charged_for_its_service_and_is_for_its_result()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 16 << 20);
        var catalog = new Catalog(new byte[20 << 20], _gate.Task);
        Task<byte[]> plain = catalog.Load();
        Task<byte[]> nested = catalog.LoadNested();
        Task<byte[]> generic = catalog.LoadFor(catalog);
        Task<byte[]> lambda = new Func<Task<byte[]>>(async () => await catalog.Load())();
        var lazy = new Lazy<Task<byte[]>>(catalog.LoadNested);
        Task<byte[]> made = lazy.Value;
        ValueTask<byte[]> pooled = catalog.LoadAsValueTask();
        void Store(string key, object value)
        {
            using ICacheEntry entry = test.Cache.CreateEntry(key);
            entry.Value = value;
        }

        Store("plain", plain);
        Store("nested", nested);
        Store("generic", generic);
        Store("lambda", lambda);
        Store("lazy", lazy);
        Store("value task", pooled);

        Assert.Equal(6, test.Cache.Count);
        Assert.InRange(test.Cache.UsedMemory, 6 * 100, 6 * 700);
        _gate.SetResult();
        await Task.WhenAll(plain, nested, generic, lambda, made, pooled.AsTask());
        test.Cache.Audit!.RunLap();
        test.Cache.Audit!.RunLap();
        Assert.InRange(test.Cache.UsedMemory, 6 * 50_000, 6 * 51_000);
    }

    [Fact]
    public void Data_in_the_variables_of_a_task_that_runs_counts()
    {
        var catalog = new Catalog([], _gate.Task);
        Assert.InRange(Truth.Measure(catalog.LoadWith(new byte[30_000])), 30_000, 31_000);
    }

    [Fact]
    public async Task The_result_of_a_task_counts_when_it_has_ended()
    {
        var catalog = new Catalog(new byte[1 << 20], Task.CompletedTask);
        Task<byte[]> task = catalog.LoadNested();
        await task;
        Assert.InRange(Truth.Measure(task), 50_000, 51_000);
    }

    [Fact]
    public void An_iterator_is_not_charged_for_its_service()
    {
        var catalog = new Catalog(new byte[20 << 20], _gate.Task);
        Assert.InRange(Truth.Measure(catalog.All()), 40, 200);
        Assert.InRange(Truth.Measure(catalog.AllLater()), 40, 400);
    }

    private sealed class Catalog(byte[] index, Task gate)
    {
        private readonly List<byte[]> _index = [index];
        private readonly byte[] _bytes = index;

        public async Task<byte[]> Load()
        {
            await gate;
            return new byte[50_000 + (_index.Count > 1 ? 1 : 0) + (_bytes.Length & 0)];
        }

        public async Task<byte[]> LoadNested() => await Load();

        public async ValueTask<byte[]> LoadAsValueTask() => await Load();

        public async Task<byte[]> LoadFor<T>(T other)
        {
            byte[] loaded = await Load();
            GC.KeepAlive(other);
            return loaded;
        }

        public async Task<int> LoadWith(byte[] data)
        {
            await gate;
            return data.Length;
        }

        public IEnumerable<int> All()
        {
            foreach (byte[] part in _index)
            {
                yield return part.Length;
            }
        }

        public async IAsyncEnumerable<int> AllLater()
        {
            foreach (byte[] part in _index)
            {
                await gate;
                yield return part.Length;
            }
        }
    }
}
