using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace BoundedCache.TestSupport;

/// <summary>A logger factory that keeps what is logged, of all categories and levels. Thread-safe.</summary>
public sealed class RecordingLog : ILoggerFactory
{
    private readonly FakeLoggerProvider _provider = new();

    /// <summary>
    /// All records so far. "HeapLimit" is left out: it depends on whether the caches of all tests together fit the
    /// container or the machine that the tests run on.
    /// </summary>
    public IReadOnlyList<FakeLogRecord> Records =>
        [.. _provider.Collector.GetSnapshot().Where(static record => record.Id.Name != "HeapLimit")];

    /// <summary>The lines that <see cref="Records"/> leaves out.</summary>
    public IReadOnlyList<string> HeapLimits => [.. _provider.Collector.GetSnapshot()
        .Where(static record => record.Id.Name == "HeapLimit").Select(static record => record.Message)];

    public IEnumerable<string> Messages => Records.Select(static record => record.Message);

    public IEnumerable<string?> Events => Records.Select(static record => record.Id.Name);

    /// <summary>The exceptions that were logged as errors.</summary>
    public Exception[] Errors =>
        [.. Records.Where(static record => record.Level == LogLevel.Error).Select(static record => record.Exception)
            .OfType<Exception>()];

    public int Count(string eventName) => Events.Count(name => name == eventName);

    public ILogger CreateLogger(string categoryName) => _provider.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose() => _provider.Dispose();
}
