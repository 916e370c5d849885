using System.Collections.Concurrent;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// One value that another thread sends to the test's, which blocks until it is there: were it to await, its thread
/// could run the callback itself.
/// </summary>
internal sealed class Message<T> : IDisposable
{
    private readonly BlockingCollection<T> _box = [];

    public void Send(T value) => _box.Add(value);

    public T Receive()
    {
        Assert.True(_box.TryTake(out T? value, TimeSpan.FromSeconds(30)), "no callback ran");
        return value!;
    }

    public void Dispose() => _box.Dispose();
}
