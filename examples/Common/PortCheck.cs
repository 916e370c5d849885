using System.Net;
using System.Net.Sockets;

namespace BoundedCache.Examples;

/// <summary>Whether an example can listen where it is told to.</summary>
internal static class PortCheck
{
    /// <summary>Says in one line that a port is taken. The host would log an exception with its stack.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static void ThrowIfTaken(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
        catch (SocketException exception)
        {
            throw new IOException(
                $"Expected a free port, got {port}, which cannot be used: {exception.Message}. "
                    + "Choose another with --urls http://127.0.0.1:PORT.",
                exception);
        }
    }
}
