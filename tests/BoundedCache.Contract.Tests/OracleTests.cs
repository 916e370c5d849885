using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// The oracle is the package of the version that the contract is named after, and not one that some
/// framework brought along.
/// </summary>
public sealed class OracleTests
{
    [Fact]
    public void MemoryCache_is_that_of_10_0_14()
    {
        string version = typeof(MemoryCache).Assembly.GetCustomAttribute<
            AssemblyInformationalVersionAttribute>()!.InformationalVersion;

        Assert.StartsWith("10.0.14+", version, StringComparison.Ordinal);
    }

    [Fact]
    public void BoundedMemoryCache_has_every_public_member_of_MemoryCache()
    {
        string[] theirs = [.. typeof(MemoryCache).GetMethods(BindingFlags.Public
            | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(Describe)];
        string[] ours = [.. typeof(BoundedMemoryCache).GetMethods(BindingFlags.Public
            | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(Describe)];

        Assert.NotEmpty(theirs);
        Assert.Empty(theirs.Except(ours));
    }

    [Fact]
    public void Every_contract_runs_on_both_caches_and_both_policies()
    {
        Type[] areas =
            [.. typeof(CacheContract).Assembly.GetTypes().Where(static type => type.BaseType == typeof(CacheContract))];

        Assert.NotEmpty(areas);
        Assert.All(areas, static area => Assert.Equal(
            ["OnBoundedMemoryCache", "OnMemoryCache", "OnScanResistant"],
            area.GetNestedTypes().Where(type => type.BaseType == area && type.IsSealed)
                .Select(static type => type.Name).Order()));
    }

    [Theory]
    [InlineData(CacheKind.BoundedMemoryCache, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(CacheKind.ScanResistant, EvictionPolicy.ScanResistant)]
    public void Each_kind_of_ours_has_its_policy(CacheKind kind, EvictionPolicy policy)
    {
        using var tested = TestedCache.Create(kind, new(), new(), log: null);

        Assert.Equal(policy, ((BoundedMemoryCache)tested.Cache).GetSnapshot().EvictionPolicy);
    }

    /// <summary>A member's name and types, and whether the compiler prefers it.</summary>
    private static string Describe(MethodInfo method) =>
        $"{method} {method.GetCustomAttribute<OverloadResolutionPriorityAttribute>()?.Priority}";
}
