namespace BoundedCache.Tests.Disposal;

/// <summary>A value that counts how often it was disposed.</summary>
internal class Value : IDisposable
{
    private int _disposals;

    public byte[]? Content { get; set; }

    public Action? OnDispose { get; set; }

    public int Disposals => Volatile.Read(ref _disposals);

    public void Dispose()
    {
        Interlocked.Increment(ref _disposals);
        OnDispose?.Invoke();
    }
}

/// <summary>One that could be disposed asynchronously too.</summary>
internal sealed class AsyncToo : Value, IAsyncDisposable
{
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>One that can only be disposed asynchronously.</summary>
internal sealed class AsyncOnly : IAsyncDisposable
{
    private int _disposals;

    public bool Fails { get; init; }

    public int Disposals => Volatile.Read(ref _disposals);

    public async ValueTask DisposeAsync()
    {
        Interlocked.Increment(ref _disposals);
        await Task.Yield();
        if (Fails)
        {
            throw new FormatException("later");
        }
    }
}
