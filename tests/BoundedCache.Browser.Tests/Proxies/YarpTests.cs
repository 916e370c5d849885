using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using BoundedCache.Browser.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Browser.Tests.Proxies;

/// <summary>The page behind YARP, configured as ADMIN.md says.</summary>
public sealed class YarpTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    [BrowserFact]
    public async Task As_documented_the_stream_arrives_and_a_limit_can_be_changed_over_plain_HTTP()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        string documented = Regex.Match(
            AdminDocument.Text, "```json\n(\\{\\s+\"ReverseProxy\".*?)```", RegexOptions.Singleline).Groups[1].Value
            .Replace("http://127.0.0.1:5000", $"http://{site.PageAddress.Authority}", StringComparison.Ordinal);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        using var json = new MemoryStream(Encoding.UTF8.GetBytes(documented));
        builder.Configuration.AddJsonStream(json);
        builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
        await using WebApplication proxy = builder.Build();
        proxy.MapReverseProxy();
        await proxy.StartAsync();
        var address = new Uri($"http://{Chromium.PlainHost}:{new Uri(proxy.Urls.Single()).Port}/admin/cache/");

        await using AdminPage page = await chromium.OpenAsync(address);

        await Expect(page.Connection).ToHaveTextAsync("Live");
        CacheCard card = page.Card(AdminSite.FirstName);
        await card.AskForLimitAsync("4MB");
        await page.AnswerAsync("Lower the limit");
        await Expect(card.Outcome).ToContainTextAsync("Limit lowered from 16 MiB to 4 MiB");
    }
}
