using System.CommandLine;
using BoundedCache.Examples;
using BoundedCache.OutputCaching;

Option<int> urls = Loopback.UrlsOption(defaultPort: 5095);
RootCommand root = ServiceCommand.Create(
    """
    Serves rendered pages from output caching in native memory, and the admin page over it, on 127.0.0.1.
    Everybody on this machine may open it and change the limit.
    """,
    [urls],
    (result, stopped) => Site.RunAsync(result.GetValue(urls), stopped));
return await ServiceCommand.InvokeAsync(root, args);
