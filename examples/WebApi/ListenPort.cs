using System.Net;
using System.Net.Sockets;

namespace BoundedCache.WebApi;

/// <summary>The port to listen on, on loopback.</summary>
internal static class ListenPort
{
    /// <summary>That of <c>--urls</c>, or else the setting <c>Port</c>.</summary>
    public static int From(string[] args, IConfiguration configuration) =>
        new ConfigurationBuilder().AddCommandLine(args).Build()["urls"] is { Length: > 0 } urls
            ? BindingAddress.Parse(urls.Split(';')[0]).Port
            : configuration.GetValue<int>("Port");

    /// <summary>Why the service cannot listen there, in one line; null where it can.</summary>
    public static string? WhyNot(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return null;
        }
        catch (SocketException exception)
        {
            return $"Expected a free port, got {port}, which cannot be used: {exception.Message}. "
                + "Choose another with --urls http://127.0.0.1:PORT.";
        }
    }
}
