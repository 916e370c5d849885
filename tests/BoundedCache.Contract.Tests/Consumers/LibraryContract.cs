namespace BoundedCache.Contract.Tests;

/// <summary>Libraries that know nothing of bytes, and share a cache.</summary>
public abstract class LibraryContract(CacheKind kind) : CacheContract(kind)
{
    [Fact]
    public void A_library_that_says_size_one_of_everything_keeps_so_many_entries_where_sizes_are_declared()
    {
        Setup = new() { SizeLimit = 100 };
        var store = new PageStore(Cache);
        for (int i = 0; i < 100; i++)
        {
            store.Page(i);
            Assert.Equal(store.Page(i), store.Page(i));
        }

        Assert.Equal((100, 100L, 100), (Tested.Count, Tested.Size, store.Rendered));
        Time.Advance(5 * Minute);
        store.Page(0);
        Assert.Equal(101, store.Rendered);
    }

    [Fact]
    public void The_same_library_where_nobody_set_a_limit_in_sizes()
    {
        var store = new PageStore(Cache);
        for (int i = 0; i < 200; i++)
        {
            store.Page(i % 100);
        }

        Assert.Equal((100, 100), (Tested.Count, store.Rendered));
    }

    [Fact]
    public void The_same_library_and_a_limit_that_its_pages_do_not_fit_in()
    {
        using TestedCache limited = Kind == CacheKind.MemoryCache
            ? Make(new() { SizeLimit = 100_000 })
            : TestedBoundedMemoryCache.Measured(100_000, TestedCache.PolicyOf(Kind), Time, Log);
        var store = new PageStore(limited.Cache);
        for (int i = 0; i < 1000; i++)
        {
            store.Page(i);
        }

        // A thousand pages of two kilobytes in a hundred: MemoryCache believes what the library says.
        Assert.Equal(Differs(Deviations.MeasuredSize, memoryCache: true, bounded: false), limited.Count == 1000);
        Assert.InRange(limited.Size, Differs(Deviations.MeasuredSize, memoryCache: 1000, bounded: 90_000), 100_000);
        int rendered = store.Rendered;
        store.Page(999);
        Assert.Equal(rendered, store.Rendered);
    }

    [Fact]
    public async Task A_library_that_never_sets_a_size()
    {
        var store = new UserStore(Cache);
        Assert.Equal(["ann reads", "ann writes"], await store.RolesAsync("ann"));
        await store.RolesAsync("ann");
        await store.RolesAsync("bob");
        Assert.Equal(2, store.Loaded);

        store.Forget("bob");
        Time.Advance(4 * Minute);
        await store.RolesAsync("bob");
        Assert.Equal(3, store.Loaded);
        Time.Advance(Minute);
        await store.RolesAsync("ann");
        Assert.Equal(4, store.Loaded);
    }

    [Fact]
    public async Task The_same_library_where_there_is_a_limit()
    {
        using TestedCache limited = Kind == CacheKind.MemoryCache
            ? Make(new() { SizeLimit = 50_000 })
            : TestedBoundedMemoryCache.Measured(50_000, TestedCache.PolicyOf(Kind), Time, Log);
        var store = new UserStore(limited.Cache);
        Exception? thrown = await Xunit.Record.ExceptionAsync(async () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                await store.RolesAsync($"user {i}");
            }
        });

        Assert.Equal(
            Differs(Deviations.MissingSize, memoryCache: typeof(InvalidOperationException), bounded: null),
            thrown?.GetType());
        Assert.Equal(Differs(Deviations.MissingSize, memoryCache: false, bounded: true), limited.Count > 100);
    }

    public sealed class OnMemoryCache() : LibraryContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : LibraryContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : LibraryContract(CacheKind.ScanResistant);
}
