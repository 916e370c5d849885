using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;

namespace BoundedCache.AspNetCore.Stream;

/// <summary>The distribution of events to those who watch. Nobody is waited for: who reads too slowly loses the oldest. Thread-safe.</summary>
internal sealed class EventHub
{
    /// <summary>How many may watch at once.</summary>
    public const int MostReaders = 32;

    /// <summary>How many events wait for one reader.</summary>
    private const int MostWaiting = 64;

    private readonly Lock _gate = new();
    private readonly List<Channel<SseItem<string>>> _readers = [];
    private bool _ended;

    public bool HasReaders
    {
        get
        {
            lock (_gate)
            {
                return _readers.Count > 0;
            }
        }
    }

    public bool IsFull
    {
        get
        {
            lock (_gate)
            {
                return _readers.Count >= MostReaders;
            }
        }
    }

    /// <summary>Tells everybody who watches.</summary>
    public void Publish<T>(string kind, T data, JsonTypeInfo<T> type)
    {
        lock (_gate)
        {
            if (_readers.Count == 0)
            {
                return;
            }

            var item = new SseItem<string>(JsonSerializer.Serialize(data, type), kind);
            _readers.ForEach(reader => reader.Writer.TryWrite(item));
        }
    }

    /// <summary>Ends all streams, and those that begin later at once.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            _readers.ForEach(static reader => reader.Writer.TryComplete());
        }
    }

    /// <summary>Watches, from the first step of the enumeration to its end. Ends at once where too many do already.</summary>
    public async IAsyncEnumerable<SseItem<string>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<SseItem<string>>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_gate)
        {
            if (_ended || _readers.Count >= MostReaders)
            {
                yield break;
            }

            _readers.Add(channel);
        }

        try
        {
            await foreach (SseItem<string> item in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            lock (_gate)
            {
                _readers.Remove(channel);
            }
        }
    }
}
