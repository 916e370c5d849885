using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BoundedCache.Tests.Hosting;

/// <summary>Several caches in one container, and the registry that lists them.</summary>
public sealed class KeyedCacheTests
{
    [Fact]
    public void Each_key_has_a_cache_of_its_own_under_both_types()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache()
            .AddKeyedBoundedMemoryCache("pages", static options => options.MaxMemory = 1000)
            .AddKeyedBoundedMemoryCache("images")
            .AddSingleton<Consumer>()
            .BuildServiceProvider();

        Consumer consumer = provider.GetRequiredService<Consumer>();

        Assert.Same(provider.GetRequiredService<IMemoryCache>(), consumer.Unkeyed);
        Assert.Same(provider.GetRequiredKeyedService<BoundedMemoryCache>("pages"), consumer.Pages);
        Assert.Same(provider.GetRequiredKeyedService<IMemoryCache>("images"), consumer.Images);
        Assert.Equal(
            ("pages", 1000),
            (consumer.Images.Name == "images" ? "pages" : "", ((BoundedMemoryCache)consumer.Pages).MaxMemory));
        Assert.Equal(3, new HashSet<object> { consumer.Unkeyed, consumer.Pages, consumer.Images }.Count);
    }

    [Fact]
    public void A_keyed_cache_replaces_one_of_the_same_key_that_was_registered_before()
    {
        using var other = new MemoryCache(new MemoryCacheOptions());
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedSingleton<IMemoryCache>("pages", other)
            .AddKeyedBoundedMemoryCache("pages")
            .BuildServiceProvider();

        Assert.IsType<BoundedMemoryCache>(Assert.Single(provider.GetKeyedServices<IMemoryCache>("pages")));
    }

    [Fact]
    public void Options_of_a_keyed_cache_are_known_by_its_key()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedBoundedMemoryCache("pages")
            .AddKeyedBoundedMemoryCache("images")
            .Configure<BoundedMemoryCacheOptions>("pages", static options => options.MaxMemory = 1000)
            .BuildServiceProvider();

        Assert.Equal(1000, provider.GetRequiredKeyedService<BoundedMemoryCache>("pages").MaxMemory);
        Assert.NotEqual(1000, provider.GetRequiredKeyedService<BoundedMemoryCache>("images").MaxMemory);
    }

    [Fact]
    public void The_registry_lists_all_caches_also_those_that_nobody_asked_for()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedBoundedMemoryCache("pages")
            .AddBoundedMemoryCache(static options => options.Name = "main")
            .AddKeyedBoundedMemoryCache("images")
            .BuildServiceProvider();

        BoundedMemoryCacheRegistry registry = provider.GetRequiredService<BoundedMemoryCacheRegistry>();

        Assert.Equal(["pages", "main", "images"], registry.Names);
        Assert.Equal(registry.Names, registry.Caches.Select(static cache => cache.Name));
        Assert.True(registry.TryGet("main", out IBoundedCache? main));
        Assert.Same(main, provider.GetRequiredService<IMemoryCache>());
        Assert.Same(registry.Caches[2], provider.GetRequiredKeyedService<IMemoryCache>("images"));
        Assert.False(registry.TryGet("Main", out IBoundedCache? missing));
        Assert.Null(missing);
    }

    [Fact]
    public void Caches_that_nobody_asked_for_are_disposed_with_the_container_too()
    {
        ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache()
            .AddKeyedBoundedMemoryCache("pages")
            .BuildServiceProvider();
        BoundedMemoryCacheRegistry registry = provider.GetRequiredService<BoundedMemoryCacheRegistry>();
        provider.Dispose();

        Assert.All(registry.Caches, static cache => Assert.Throws<ObjectDisposedException>(cache.Clear));
    }

    [Fact]
    public void A_registry_of_given_caches_finds_them_and_does_not_dispose_them()
    {
        using var pages = new BoundedMemoryCache(new BoundedMemoryCacheOptions { Name = "pages", MaxMemory = 1000 });
        using (var registry = new BoundedMemoryCacheRegistry([pages]))
        {
            Assert.Same(pages, Assert.Single(registry.Caches));
            Assert.True(registry.TryGet("pages", out IBoundedCache? found));
            Assert.Same(pages, found);
        }

        pages.Clear();
    }

    [Fact]
    public void A_registry_takes_neither_two_caches_of_one_name_nor_null()
    {
        using var pages = new BoundedMemoryCache(new BoundedMemoryCacheOptions { Name = "pages", MaxMemory = 1000 });

        Assert.Contains("two with the name 'pages'", Assert.Throws<ArgumentException>(
            "caches", () => new BoundedMemoryCacheRegistry([pages, pages])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("caches", static () => new BoundedMemoryCacheRegistry([null!]));
        Assert.Throws<ArgumentNullException>("caches", static () => new BoundedMemoryCacheRegistry(null!));
    }

    [Fact]
    public void A_registry_without_an_unkeyed_cache_has_none()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedBoundedMemoryCache("pages")
            .BuildServiceProvider();

        Assert.Equal(["pages"], provider.GetRequiredService<BoundedMemoryCacheRegistry>().Names);
        Assert.Null(provider.GetService<IMemoryCache>());
    }

    [Fact]
    public void The_same_key_twice_is_an_error() => AssertRefused(
        new ServiceCollection().AddKeyedBoundedMemoryCache("pages").AddKeyedBoundedMemoryCache("pages"),
        "The cache 'pages' is registered 2 times; each keyed cache needs a key of its own.");

    [Fact]
    public void The_name_of_the_unkeyed_cache_is_no_key_of_another() => AssertRefused(
        new ServiceCollection()
            .AddBoundedMemoryCache(static options => options.Name = "pages")
            .AddKeyedBoundedMemoryCache("pages"),
        "The cache without a key has the name 'pages', which is also the key of a keyed cache; "
            + "set BoundedMemoryCacheOptions.Name or the key to another.");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_cache_has_the_key_of_a_byte_cache_as_its_name(bool isKeyed)
    {
        ServiceCollection services = new();
        services.AddKeyedBoundedByteCache("pages");
        AssertRefused(
            isKeyed
                ? services.AddKeyedBoundedMemoryCache("pages")
                : services.AddBoundedMemoryCache(static options => options.Name = "pages"),
            $"The cache {(isKeyed ? "'pages'" : "without a key")} has the name 'pages', which is also the key of a "
                + "byte cache; set the name or one of the keys to another.",
            isKeyed ? "pages" : null);
    }

    [Fact]
    public void Whoever_asks_for_the_caches_of_all_keys_gets_them()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedBoundedMemoryCache("pages")
            .AddKeyedBoundedMemoryCache("images")
            .AddKeyedBoundedByteCache("bytes")
            .BuildServiceProvider();

        Assert.Equal(
            ["pages", "images"],
            provider.GetKeyedServices<BoundedMemoryCache>(KeyedService.AnyKey).Select(static cache => cache.Name));
        Assert.Equal(2, provider.GetKeyedServices<IMemoryCache>(KeyedService.AnyKey).Count());
        Assert.Equal(
            "bytes", Assert.Single(provider.GetKeyedServices<BoundedByteCache>(KeyedService.AnyKey)).Name);
    }

    [Fact]
    public void A_keyed_cache_has_no_other_name() => AssertRefused(
        new ServiceCollection().AddKeyedBoundedMemoryCache("pages", static options => options.Name = "other"),
        "The cache 'pages' has BoundedMemoryCacheOptions.Name 'other'; the name of a keyed cache is its key, "
            + "so leave it alone or change the key.");

    private static void AssertRefused(IServiceCollection services, string message, string? key = "pages")
    {
        using ServiceProvider provider = services.BuildServiceProvider();

        Assert.Equal(message, Assert.Throws<OptionsValidationException>(
            provider.GetRequiredService<IStartupValidator>().Validate).Message);
        Assert.Equal(
            message,
            Assert.Throws<OptionsValidationException>(provider.GetRequiredService<BoundedMemoryCacheRegistry>).Message);
        Assert.Equal(message, Assert.Throws<OptionsValidationException>(() =>
            provider.GetRequiredKeyedService<IMemoryCache>(key)).Message);
    }

    private sealed class Consumer(
        IMemoryCache unkeyed,
        [FromKeyedServices("pages")] IMemoryCache pages,
        [FromKeyedServices("images")] BoundedMemoryCache images)
    {
        public IMemoryCache Unkeyed => unkeyed;

        public IMemoryCache Pages => pages;

        public BoundedMemoryCache Images => images;
    }
}
