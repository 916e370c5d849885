using System.Diagnostics.CodeAnalysis;
using BoundedCache.ShrinkDemo.Caches;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Support;

/// <summary>A cache that keeps everything, unless it is told to misbehave.</summary>
internal sealed class FakeCache : IDemoCache
{
    private readonly Dictionary<string, byte[]> _entries = [];

    /// <summary>Keys that are not taken.</summary>
    public Predicate<string> Refuses { get; set; } = _ => false;

    /// <summary>What is returned instead of what was stored.</summary>
    public Func<byte[], byte[]> Returns { get; set; } = value => value;

    public long UsedBytes => _entries.Values.Sum(value => (long)value.Length);

    public long LimitBytes { get; set; } = long.MaxValue;

    public int Count => _entries.Count;

    public bool PromisesLru { get; set; } = true;

    public string Describe(Stage stage) => $"{stage.Kind}";

    public void Set(string key, byte[] value)
    {
        if (!Refuses(key))
        {
            _entries[key] = value;
        }
    }

    public bool TryGet(string key, [NotNullWhen(true)] out byte[]? value)
    {
        value = _entries.TryGetValue(key, out byte[]? stored) ? Returns(stored) : null;
        return value is not null;
    }

    public Task<ShrinkReport?> LowerAsync(long limitBytes, CancellationToken cancellationToken)
    {
        LimitBytes = limitBytes;
        _entries.Clear();
        return Task.FromResult<ShrinkReport?>(null);
    }

    public Task<ShrinkReport?> ReleaseAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ShrinkReport?>(null);

    public Task<ShrinkReport?> ShrinkAsync(long limitBytes, CancellationToken cancellationToken) =>
        LowerAsync(limitBytes, cancellationToken);

    public Task RaiseAsync(long limitBytes, CancellationToken cancellationToken)
    {
        LimitBytes = limitBytes;
        return Task.CompletedTask;
    }

    public void Dispose() => _entries.Clear();
}
