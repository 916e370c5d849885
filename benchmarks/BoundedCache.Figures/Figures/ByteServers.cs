using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BoundedCache.LoadRuns.Processes;
using BoundedCache.Process;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// <see cref="BoundedByteCache"/> beside Redis and memcached on the same machine: sets, gets, memory for an entry and
/// RSS of a full cache. The servers are asked over one connection of loopback, by a socket without a client library,
/// which would only add to their times.
/// </summary>
internal sealed class ByteServers : IFigure
{
    private const long Limit = 512L * 1024 * 1024;
    private const int Timed = 50_000;
    private const int KeyLength = 24;

    private static readonly string[] s_caches = ["BoundedByteCache", "redis-server", "memcached"];
    private static readonly (int Min, int Max, int Entries)[] s_sizes = [(512, 1536, 200_000), (100, 200, 800_000)];

    public string Name => "servers";

    public string Title =>
        $"the byte cache beside servers on loopback, one connection, limit {Limit / 1024 / 1024} MiB (medians of 3)";

    public IEnumerable<Row> Run()
    {
        double[]? own = null;
        foreach (string cache in s_caches)
        {
            if (cache != s_caches[0] && PeerServer.Find(cache) is null)
            {
                yield return new(cache, "not measured: it is not installed");
                continue;
            }

            double[] answer = Child.Median(3, () => Child.Measure(Name, cache));
            own ??= answer;
            yield return new(
                $"{cache}: a set into the full cache, 1 KiB; a get",
                $"{answer[0]:N0} ns ({answer[0] / own[0]:N0} x); {answer[1]:N0} ns ({answer[1] / own[1]:N0} x)",
                cache == s_caches[0] ? "" : ">= 10 x");
            yield return new($"{cache}: RSS beyond empty / limit, full", $"{answer[2]:N3}", "<= 1.05 (ours)");
            for (int i = 0; i < s_sizes.Length; i++)
            {
                yield return new(
                    $"{cache}: RSS an entry beyond key and value, {s_sizes[i].Min:N0} to {s_sizes[i].Max:N0} bytes",
                    $"{answer[3 + i]:N0} bytes");
            }
        }
    }

    public void Measure(string[] args)
    {
        double[] entry = [.. s_sizes.Select(size => Measure(args[0], cache =>
        {
            long before = cache.Resident;
            long stored = cache.Fill(size.Entries, size.Min, size.Max);
            return (double)(cache.Resident - before - stored) / size.Entries;
        }))];
        double[] full = Measure(args[0], static cache =>
        {
            long before = cache.Resident;
            cache.Fill(800_000, 1024, 1025);
            double resident = (cache.Resident - before) / (double)Limit;
            byte[] value = new byte[1024];
            double Time(Action<string> use, int first)
            {
                string[] keys = [.. Enumerable.Range(first, Timed).Select(EntryKey.Create)];
                new Random(1).Shuffle(keys);
                long started = Stopwatch.GetTimestamp();
                Array.ForEach(keys, use);
                return Stopwatch.GetElapsedTime(started).TotalNanoseconds / Timed;
            }

            // The first thousands only warm up.
            Time(key => cache.Set(key, value), 800_000);
            double set = Time(key => cache.Set(key, value), 900_000);
            Time(cache.Get, 900_000);
            return new[] { set, Time(cache.Get, 900_000), resident };
        });
        Child.Answer([.. full, .. entry]);
    }

    private static T Measure<T>(string name, Func<ICache, T> measure)
    {
        if (name == s_caches[0])
        {
            using var own = new OwnCache();
            return measure(own);
        }

        PeerServer server = (name == "memcached"
            ? PeerServer.StartMemcachedAsync(PeerServer.Find(name)!, Limit, CancellationToken.None)
            : PeerServer.StartRedisAsync(PeerServer.Find(name)!, Limit, CancellationToken.None))
            .GetAwaiter().GetResult();
        try
        {
            using ServerCache cache = name == "memcached" ? new MemcachedCache(server) : new RedisCache(server);
            return measure(cache);
        }
        finally
        {
            server.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>A cache of bytes that answers what it takes for them.</summary>
    private interface ICache : IDisposable
    {
        long Resident { get; }

        /// <summary>Stores so many new entries, with values of random lengths.</summary>
        /// <returns>The bytes of keys and values.</returns>
        long Fill(int entries, int min, int max);

        void Set(string key, byte[] value);

        void Get(string key);
    }

    private sealed class OwnCache : ICache
    {
        private readonly BoundedByteCache _cache = new(new BoundedByteCacheOptions { MaxMemory = Limit });
        private readonly ArrayBufferWriter<byte> _read = new(4096);

        public OwnCache()
        {
            // Compiled code is no memory of an entry.
            Fill(20_000, 16, 2000);
            _cache.Clear();
        }

        public long Resident => ProcessMemory.Shared.TakeSnapshot().AnonymousBytes ?? 0;

        public long Fill(int entries, int min, int max)
        {
            var random = new Random(1);
            byte[] value = new byte[max];
            long stored = 0;
            for (int i = 0; i < entries; i++)
            {
                int length = random.Next(min, max);
                _cache.Set(EntryKey.Create(i), value.AsSpan(0, length));
                stored += KeyLength + length;
            }

            return stored;
        }

        public void Set(string key, byte[] value) => _cache.Set(key, value);

        public void Get(string key)
        {
            _read.ResetWrittenCount();
            if (!_cache.TryGet(key, _read))
            {
                throw new InvalidOperationException($"{key} is not there.");
            }
        }

        public void Dispose() => _cache.Dispose();
    }

    /// <summary>A server: its commands, and one connection that waits for each answer but while it fills.</summary>
    private abstract class ServerCache : ICache
    {
        private const int Together = 64;

        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
        };

        private readonly byte[] _answer = new byte[64 * 1024];
        private readonly int _processId;

        protected ServerCache(PeerServer server)
        {
            _processId = server.ProcessId;
            _socket.Connect(IPAddress.Loopback, server.Port);
        }

        public long Resident => ProcessStatus.Read(_processId)!.Value.ResidentBytes;

        protected abstract string Stored { get; }

        protected abstract string SetCommand(string key, int length);

        protected abstract string GetCommand(string key);

        protected abstract string Found(string key, int length);

        protected abstract string End { get; }

        public long Fill(int entries, int min, int max)
        {
            var random = new Random(1);
            byte[] value = new byte[max];
            var commands = new ArrayBufferWriter<byte>();
            long stored = 0;
            for (int first = 0; first < entries; first += Together)
            {
                commands.ResetWrittenCount();
                int count = Math.Min(Together, entries - first);
                for (int i = first; i < first + count; i++)
                {
                    int length = random.Next(min, max);
                    Write(commands, EntryKey.Create(i), value.AsSpan(0, length));
                    stored += KeyLength + length;
                }

                Send(commands.WrittenSpan);
                Expect(string.Concat(Enumerable.Repeat(Stored, count)));
            }

            return stored;
        }

        public void Set(string key, byte[] value)
        {
            var command = new ArrayBufferWriter<byte>(2048);
            Write(command, key, value);
            Send(command.WrittenSpan);
            Expect(Stored);
        }

        public void Get(string key)
        {
            Send(Encoding.ASCII.GetBytes(GetCommand(key)));
            string found = Found(key, 1024);
            Expect(found, found.Length + 1024 + End.Length);
        }

        public void Dispose() => _socket.Dispose();

        private void Write(ArrayBufferWriter<byte> commands, string key, ReadOnlySpan<byte> value)
        {
            commands.Write(Encoding.ASCII.GetBytes(SetCommand(key, value.Length)));
            commands.Write(value);
            commands.Write("\r\n"u8);
        }

        private void Send(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[_socket.Send(bytes)..];
            }
        }

        private void Expect(string start, int? length = null)
        {
            int all = length ?? start.Length;
            int read = 0;
            while (read < all)
            {
                int more = _socket.Receive(_answer.AsSpan(read, all - read));
                read += more > 0 ? more : throw new EndOfStreamException("The server closed the connection.");
                string text = Encoding.ASCII.GetString(_answer, 0, Math.Min(read, start.Length));
                if (!start.StartsWith(text, StringComparison.Ordinal))
                {
                    throw new InvalidDataException($"The server answered '{text}', not '{start}'.");
                }
            }
        }
    }

    private sealed class RedisCache(PeerServer server) : ServerCache(server)
    {
        protected override string Stored => "+OK\r\n";

        protected override string End => "\r\n";

        protected override string SetCommand(string key, int length) => string.Create(
            CultureInfo.InvariantCulture,
            $"*3\r\n$3\r\nSET\r\n${key.Length}\r\n{key}\r\n${length}\r\n");

        protected override string GetCommand(string key) =>
            string.Create(CultureInfo.InvariantCulture, $"*2\r\n$3\r\nGET\r\n${key.Length}\r\n{key}\r\n");

        protected override string Found(string key, int length) =>
            string.Create(CultureInfo.InvariantCulture, $"${length}\r\n");
    }

    private sealed class MemcachedCache(PeerServer server) : ServerCache(server)
    {
        protected override string Stored => "STORED\r\n";

        protected override string End => "\r\nEND\r\n";

        protected override string SetCommand(string key, int length) =>
            string.Create(CultureInfo.InvariantCulture, $"set {key} 0 0 {length}\r\n");

        protected override string GetCommand(string key) => $"get {key}\r\n";

        protected override string Found(string key, int length) =>
            string.Create(CultureInfo.InvariantCulture, $"VALUE {key} 0 {length}\r\n");
    }
}
