namespace BoundedCache.WebApi;

/// <summary>The port to listen on, on loopback.</summary>
internal static class ListenPort
{
    /// <summary>That of <c>--urls</c>, or else the setting <c>Port</c>.</summary>
    public static int From(string[] args, IConfiguration configuration) =>
        new ConfigurationBuilder().AddCommandLine(args).Build()["urls"] is { Length: > 0 } urls
            ? BindingAddress.Parse(urls.Split(';')[0]).Port
            : configuration.GetValue<int>("Port");
}
