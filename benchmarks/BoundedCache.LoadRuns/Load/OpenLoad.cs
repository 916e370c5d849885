using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BoundedCache.Harness;
using BoundedCache.LoadService.Items;

namespace BoundedCache.LoadRuns.Load;

/// <summary>
/// The built-in client: an open loop. Requests are due at a fixed rate whatever the service does meanwhile, and the
/// time of each counts from when it was due. A client that waits for an answer before it asks again (a closed loop)
/// sends nothing while the service stands still, and so hardly sees it.
/// </summary>
internal sealed class OpenLoad : IAsyncDisposable
{
    /// <summary>
    /// All that there ever are, and all are opened before anything is measured: each takes the service some 40 KB, and
    /// a client that opens one for every request that waits out a pause would make the service grow by that in the very
    /// moment at which it is to shrink. Requests beyond them wait here, which counts as their time.
    /// </summary>
    private const int Connections = 64;

    private const double ZipfExponent = 0.99;
    private const int Seed = 20261126;
    private const int OpeningRounds = 3;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client;
    private readonly RunClock _clock;
    private readonly int _perSecond;
    private readonly Zipf _popularity;
    private readonly List<Request> _requests;
    private readonly List<double> _lags = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private long _sent;
    private long _underWay;

    private OpenLoad(Uri address, int perSecond, int items, RunClock clock)
    {
        _client = new HttpClient(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = Connections,
            UseProxy = false,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        })
        {
            BaseAddress = address,
            Timeout = s_timeout,
        };
        _clock = clock;
        _perSecond = perSecond;
        _popularity = new Zipf(items, ZipfExponent, new Random(Seed));
        _requests = new List<Request>(perSecond * 60);
        _thread = new Thread(Send) { IsBackground = true, Name = "open load", Priority = ThreadPriority.AboveNormal };
    }

    /// <summary>The requests that were answered, or failed, so far.</summary>
    public IReadOnlyList<Request> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>Opens the connections and begins.</summary>
    /// <param name="address">The service.</param>
    /// <param name="perSecond">Requests a second.</param>
    /// <param name="items">How many items there are; which is asked for follows Zipf's law.</param>
    /// <param name="clock">What times are told by.</param>
    /// <exception cref="HttpRequestException">The service does not answer.</exception>
    public static async Task<OpenLoad> StartAsync(Uri address, int perSecond, int items, RunClock clock)
    {
        var load = new OpenLoad(address, perSecond, items, clock);
        for (int round = 0; round < OpeningRounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Connections).Select(id =>
                load._client.GetByteArrayAsync(string.Create(CultureInfo.InvariantCulture, $"/items/{id}"))));
        }

        load._thread.Start();
        return load;
    }

    /// <summary>Sends no more, and waits for what is under way.</summary>
    /// <returns>What came of all of it.</returns>
    public async Task<LoadTotals> StopAsync()
    {
        _stop.Cancel();
        _thread.Join();

        // Each either answers or fails by its timeout.
        while (Interlocked.Read(ref _underWay) > 0)
        {
            await Task.Delay(10);
        }

        IReadOnlyList<Request> requests = Requests;
        double lag = _lags.Count == 0 ? 0 : _lags.Order().ElementAt((int)(_lags.Count * 0.99));
        return new LoadTotals(
            _sent,
            requests.Count(static request => request.Failure is not null),
            _sent - requests.Count,
            requests.Select(static request => request.Failure).FirstOrDefault(static f => f is not null),
            lag);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
        _stop.Dispose();
    }

    private void Send()
    {
        var random = new Random(Seed);
        TimeSpan started = _clock.Elapsed;
        while (!_stop.IsCancellationRequested)
        {
            TimeSpan due = started + TimeSpan.FromSeconds(_sent / (double)_perSecond);
            TimeSpan early = due - _clock.Elapsed;
            if (early > TimeSpan.Zero)
            {
                Pause.For(early);
                continue;
            }

            _lags.Add(-early.TotalMilliseconds);
            _sent++;
            Interlocked.Increment(ref _underWay);
            _ = AskAsync(due, _popularity.Next(random));
        }
    }

    private async Task AskAsync(TimeSpan due, int id)
    {
        string? failure = "the client failed";
        try
        {
            using HttpResponseMessage response = await _client.GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"/items/{id}"), HttpCompletionOption.ResponseHeadersRead);
            failure = response.StatusCode != HttpStatusCode.OK
                ? $"status {(int)response.StatusCode}"
                : await CheckAsync(id, response.Content);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            failure = exception.Message;
        }
        finally
        {
            var request = new Request(due, _clock.Elapsed - due, failure);
            lock (_requests)
            {
                _requests.Add(request);
            }

            Interlocked.Decrement(ref _underWay);
        }
    }

    /// <summary>Whether the answer is the item that was asked for, to its last byte.</summary>
    private static async Task<string?> CheckAsync(int id, HttpContent content)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ItemSource.MostBytes + 1);
        try
        {
            using Stream body = await content.ReadAsStreamAsync();
            int length = await body.ReadAtLeastAsync(buffer, ItemSource.MostBytes + 1, throwOnEndOfStream: false);
            return ItemSource.IsWhole(id, buffer.AsSpan(0, length))
                ? null
                : $"item {id} came as {length} bytes of something else";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
