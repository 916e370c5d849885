using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BoundedCache.LoadService.Peers;

/// <summary>A connection that speaks memcached's text protocol, one command after the other. Not thread-safe.</summary>
internal sealed class MemcachedConnection : IDisposable
{
    private const int BufferBytes = 16 * 1024;

    private readonly NetworkStream _stream;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;

    private MemcachedConnection(Socket socket) => _stream = new NetworkStream(socket, ownsSocket: true);

    public static async Task<MemcachedConnection> OpenAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return new MemcachedConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Looks a value up; null where it is not there.</summary>
    /// <exception cref="InvalidDataException">The server answers something else.</exception>
    public async Task<byte[]?> GetAsync(string key)
    {
        await _stream.WriteAsync(Encoding.ASCII.GetBytes($"get {key}\r\n"));
        string line = await ReadLineAsync();
        if (line == "END")
        {
            return null;
        }

        if (line.Split(' ') is not ["VALUE", _, _, var length, ..])
        {
            throw Unexpected("get", line);
        }

        byte[] value = new byte[int.Parse(length, CultureInfo.InvariantCulture)];
        await ReadAsync(value);
        await ExpectAsync("get", "");
        await ExpectAsync("get", "END");
        return value;
    }

    /// <exception cref="InvalidDataException">The server does not store it.</exception>
    public async Task SetAsync(string key, byte[] value)
    {
        byte[] head = Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"set {key} 0 0 {value.Length}\r\n"));
        byte[] command = [.. head, .. value, (byte)'\r', (byte)'\n'];
        await _stream.WriteAsync(command);
        await ExpectAsync("set", "STORED");
    }

    /// <summary>Sends a command that the server answers with OK.</summary>
    public async Task CommandAsync(string command)
    {
        await _stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"));
        await ExpectAsync(command, "OK");
    }

    public async Task<Dictionary<string, string>> ReadStatisticsAsync()
    {
        await _stream.WriteAsync("stats\r\n"u8.ToArray());
        var statistics = new Dictionary<string, string>();
        while (await ReadLineAsync() is var line && line != "END")
        {
            if (line.Split(' ', 3) is not ["STAT", var name, var value])
            {
                throw Unexpected("stats", line);
            }

            statistics[name] = value;
        }

        return statistics;
    }

    public void Dispose() => _stream.Dispose();

    private async Task ExpectAsync(string command, string expected)
    {
        string line = await ReadLineAsync();
        if (line != expected)
        {
            throw Unexpected(command, line);
        }
    }

    private async Task<string> ReadLineAsync()
    {
        while (true)
        {
            int length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
            if (length >= 0)
            {
                string line = Encoding.ASCII.GetString(_buffer, _start, length);
                _start += length + 2;
                return line;
            }

            await FillAsync();
        }
    }

    private async Task ReadAsync(byte[] value)
    {
        for (int done = 0; done < value.Length;)
        {
            if (_start == _end)
            {
                await FillAsync();
            }

            int count = Math.Min(value.Length - done, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(value.AsSpan(done));
            _start += count;
            done += count;
        }
    }

    private async Task FillAsync()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        int read = _end == BufferBytes
            ? throw new InvalidDataException("memcached sent a line that is too long.")
            : await _stream.ReadAsync(_buffer.AsMemory(_end));
        _end += read > 0 ? read : throw new EndOfStreamException("memcached closed the connection.");
    }

    private static InvalidDataException Unexpected(string command, string line) =>
        new($"memcached answered '{line}' to {command}.");
}
